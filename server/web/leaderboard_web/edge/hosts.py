"""The check of the host that a caller names, where the gateway serves this machine alone.

A page of any site can have its own host name resolve to a loopback address (DNS rebinding). Its
requests then seem to be of the same origin; only their `Host` shows the foreign name.
"""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from leaderboard_server.setting_types import is_loopback
from leaderboard_web.edge.addresses import VIA_PROXY
from leaderboard_web.problems import Problem

_LOCAL = "localhost"


class Hosts:
    """The hosts by which callers may name the gateway."""

    def __init__(self, address: str, origins: Iterable[str]) -> None:
        """Allow loopback, and the hosts of listed origins; any host unless `address` is loopback.

        Args:
            address: The address that the gateway listens on, as HOST:PORT.

            origins: The listed origins.
        """
        self._is_checked = is_loopback(address)
        self._allowed = {urlsplit(origin).hostname for origin in origins}

    def check(self, scope: Scope) -> None:
        """Check a request; what a trusted proxy passes on has been checked by its configuration.

        Raises:
            Problem: It names a host that is not the gateway's.
        """
        if not self._is_checked or scope["state"][VIA_PROXY]:
            return
        host = Headers(scope=scope).get("host", _LOCAL)
        if not self._allows(_name(host)):
            raise Problem(421, "the gateway serves this machine alone, by a name of loopback")

    def _allows(self, name: str) -> bool:
        if name in self._allowed or name == _LOCAL or name.endswith(f".{_LOCAL}"):
            return True
        return _is_loopback(name)


@lru_cache(maxsize=256)
def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    """Return a host in lower case, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
