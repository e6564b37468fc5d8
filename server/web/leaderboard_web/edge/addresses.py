"""Addresses of callers, as limits count them, and the addresses of trusted proxies."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

VIA_PROXY = "via_proxy"
"""The name of the state of a scope that says whether a trusted proxy passed the request on."""

_IPV6_PREFIX = 64
"""The part of an IPv6 address that names a network: one caller has all addresses in it."""
_IPV4_MAPPED = "::ffff:"
_MAX_LENGTH = 64
"""Longer texts, of a proxy that names something else than an address, are cut."""


def address_key(host: str) -> str:
    """Return what limits count by: an IPv4 address, or the network of an IPv6 address."""
    return _key(plain(host)[:_MAX_LENGTH])


@lru_cache(maxsize=4_096)
def _key(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(ip_network((address.packed, _IPV6_PREFIX), strict=False))
    return host


def plain(host: str) -> str:
    """Return an IPv4 address as such, also where a socket of IPv6 has accepted its connection."""
    return host.removeprefix(_IPV4_MAPPED) if "." in host else host


class Networks:
    """A set of addresses and networks."""

    def __init__(self, networks: Iterable[str]) -> None:
        """Take addresses such as `10.0.0.1`, and networks such as `10.0.0.0/8`."""
        self._networks = [ip_network(network) for network in networks]

    def __contains__(self, host: str) -> bool:
        if not self._networks:
            return False
        try:
            address = ip_address(plain(host))
        except ValueError:
            return False
        return any(address in network for network in self._networks)


class CallerAddresses:
    """An application whose scopes have the address and scheme that trusted proxies name."""

    def __init__(self, app: ASGIApp, proxies: Sequence[str]) -> None:
        """Wrap an application.

        Args:
            app: It finds in `scope["state"]` whether a request is passed on by a proxy.

            proxies: The addresses and networks of trusted proxies.
        """
        self._proxies = Networks(proxies)
        self._app: ASGIApp = app
        self._of_proxies: Any = ProxyHeadersMiddleware(app, trusted_hosts=list(proxies))  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request or WebSocket on."""
        host, port = scope.get("client") or ("", 0)
        scope["client"] = plain(host), port
        via_proxy = host in self._proxies
        scope.setdefault("state", {})[VIA_PROXY] = via_proxy
        await (self._of_proxies if via_proxy else self._app)(scope, receive, send)


def caller_of(scope: Scope) -> str:
    """Return the address of the caller, as limits count it."""
    return address_key(scope["client"][0])
