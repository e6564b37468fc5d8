"""Counts open connections, in all and by address, and makes room for new ones.

Room is made by the connection that has had no request for longest: silent callers must not keep
others out. Connections of trusted proxies count only in all, since each carries many callers.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias

from leaderboard_web.edge.addresses import Networks, address_key

EndCause: TypeAlias = Literal["refused", "idle", "slow", "unread", "flood", "malformed"]
"""Why the gateway refuses or ends a connection: `refused` over a limit, `idle` to make room for
another one, `slow` without a complete request in time, `unread` with a response or messages that
the caller does not read, `flood` with more from a WebSocket's client than a watcher has to send,
`malformed` with something that is not HTTP."""


@dataclass(frozen=True, kw_only=True)
class ConnectionLimits:
    """How many connections may be open."""

    total: int
    per_address: int
    proxies: Networks
    """The addresses that the limit of an address does not hold for."""


class OpenConnections:
    """The open connections of a gateway."""

    def __init__(self, limits: ConnectionLimits, count: Callable[[EndCause], None]) -> None:
        """Keep limits.

        Args:
            limits: How many may be open.

            count: Counts a connection that is refused or ended by the gateway.
        """
        self.limits = limits
        self.count = count
        self._by_address = Counter[str]()
        self._waiting: dict[Slot, None] = {}
        """Those without a request, in the order in which they began to wait."""
        self.open = 0
        """How many there are."""

    def admit(self, host: str) -> "Slot | None":
        """Return the slot of a new connection of an address, or None if it must be refused."""
        key = "" if host in self.limits.proxies else address_key(host)
        has_too_many = bool(key) and self._by_address[key] >= self.limits.per_address
        if has_too_many or (self.open >= self.limits.total and not self._make_room()):
            self.count("refused")
            return None
        self.open += 1
        self._by_address[key] += 1
        slot = Slot(self._waiting, partial(self._release, key))
        slot.wait()
        return slot

    def _make_room(self) -> bool:
        for slot in self._waiting:
            slot.end()
            slot.abort()
            self.count("idle")
            return True
        return False

    def _release(self, key: str) -> None:
        self.open -= 1
        self._by_address[key] -= 1
        if not self._by_address[key]:
            del self._by_address[key]


class Slot:
    """The slot of one open connection, from its beginning to `end`."""

    __slots__ = ("_release", "_waiting", "abort")

    def __init__(self, waiting: "dict[Slot, None]", release: Callable[[], None]) -> None:
        """Take a slot.

        Args:
            waiting: The connections without a request, in the order in which they began to wait.

            release: Frees the slot.
        """
        self._waiting = waiting
        self._release: Callable[[], None] | None = release
        self.abort: Callable[[], object] = self.end
        """Ends the connection at once."""

    def wait(self) -> None:
        """Note that the connection has no request: it may have to make room for another one."""
        if self._release:
            self._waiting.setdefault(self)

    def work(self) -> None:
        """Note that the connection has a request, or is a WebSocket."""
        self._waiting.pop(self, None)

    def end(self) -> None:
        """Free the slot. May be called again."""
        self.work()
        if self._release:
            release, self._release = self._release, None
            release()
