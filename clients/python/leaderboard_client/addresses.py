"""Addresses of the service: one server, a list of servers, or a DNS name for all of them."""

import itertools
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Generic, TypeVar

_HOST_PORT = re.compile(r"(?:([^\s/\[\]:,?#@%\x00]+)|\[([0-9A-Fa-f:.%]+)\]):([0-9]{1,5})")
_DNS = "dns:///"
_LAST_PORT = 65_535

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Server:
    """One server, or all that DNS has for a name."""

    host: str
    """The name or IP address, without brackets."""

    port: int
    """The TCP port."""

    is_group: bool = False
    """Whether each address that DNS has for the name is a server of its own."""

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine, by a loopback address or as `localhost`."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    @property
    def address(self) -> str:
        """HOST:PORT, or dns:///NAME:PORT for a group."""
        return f"{_DNS if self.is_group else ''}{self._host_port}"

    @property
    def target(self) -> str:
        """The name for gRPC: without the scheme it would misread a host called `unix`."""
        return f"{_DNS}{self._host_port}"

    @property
    def _host_port(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_addresses(text: str) -> tuple[Server, ...]:
    """Return the servers of an address, each once; upper case in a host is no other server.

    Args:
        text: HOST:PORT, or several with commas between them, or dns:///NAME:PORT.

    Raises:
        ValueError: The address is malformed; the text names the part that is.
    """
    if text.startswith(_DNS) and "," not in text:
        server = _parse(text.removeprefix(_DNS), is_group=True)
        if server is None or ":" in server.host:
            raise ValueError(f"{text!r} is not dns:///NAME:PORT")
        return (server,)
    servers: dict[str, Server] = {}
    for part in text.split(","):
        server = _parse_listed(part)
        servers.setdefault(server.address.lower(), server)
    return tuple(servers.values())


def alternatives(servers: Sequence[Server]) -> int:
    """Return how many other servers may answer where one does not; for a DNS name at least one."""
    return max(len(servers) - 1, int(servers[0].is_group))


def _parse_listed(part: str) -> Server:
    server = _parse(part)
    if server is not None:
        return server
    if part.startswith(_DNS):
        raise ValueError(f"{part!r} can't be in a list")
    raise ValueError(f"{part!r} is not HOST:PORT")


def _parse(part: str, *, is_group: bool = False) -> Server | None:
    match = _HOST_PORT.fullmatch(part)
    if not match or not 0 < int(match[3]) <= _LAST_PORT:
        return None
    return Server(match[1] or match[2], int(match[3]), is_group)


class Rotation(Generic[ItemT]):
    """Gives out items in turn. The first one is random, so that clients don't all begin with it."""

    def __init__(self, items: Sequence[ItemT], first: int | None = None) -> None:
        """Begin with the item at an index; by default at a random one."""
        begin = random.randrange(len(items)) if first is None else first  # noqa: S311 (no secret)
        self._items = items
        self._turns = itertools.count(begin)

    def next(self) -> ItemT:
        """Return the next item; may be called by any thread."""
        return self._items[next(self._turns) % len(self._items)]

    def branch(self) -> "Rotation[ItemT]":
        """Return a rotation of its own that begins with the next item."""
        return Rotation(self._items, next(self._turns))
