"""Parts of all attacks: connections, a bounded rate, and an account."""

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from attacks.connection import Connection
from attacks.frames import MAX_WINDOW

_TICK_S = 0.01
_LATE_TICKS = 5
_CONNECT_TIMEOUT_S = 5.0
_RECONNECT_S = 0.05


@dataclass
class Attacker:
    """The state of one attack on a loopback port."""

    port: int
    seconds: float
    """How long the attack lasts."""
    tally: Counter[str] = field(default_factory=Counter)
    """How many connections and streams there were, and how they ended."""
    broken: Counter[str] = field(default_factory=Counter)
    """How often the server broke a rule that only the attacker can see."""
    figures: dict[str, float] = field(default_factory=dict)
    """Measured by the attacker."""
    _connections: list[Connection] = field(default_factory=list)

    async def connect(self, window: int = MAX_WINDOW, *, decoding: bool = False) -> Connection:
        """Open a connection, and wait for the settings of the server.

        Args:
            window: How much of each answer is accepted.

            decoding: Whether to keep the statuses of calls.

        Raises:
            OSError: The server does not accept it in time.
        """
        _, connection = await asyncio.wait_for(
            asyncio.get_running_loop().create_connection(
                lambda: Connection(self.tally, window, decoding=decoding), "127.0.0.1", self.port
            ),
            _CONNECT_TIMEOUT_S,
        )
        self._connections = [other for other in self._connections if not other.lost]
        self._connections.append(connection)
        await connection.ready()
        return connection

    def close(self) -> None:
        """End all connections."""
        for connection in self._connections:
            connection.abort()

    @staticmethod
    async def ticks(rate: float) -> AsyncIterator[int]:
        """Yield, a hundred times a second, how much is due; what is very late is left out."""
        clock = asyncio.get_running_loop().time
        began, done = clock(), 0.0
        for number in itertools.count(1):
            due = (clock() - began) * rate
            done = max(done, due - _LATE_TICKS * _TICK_S * rate)
            yield int(due) - int(done)
            done = due
            await asyncio.sleep(max(0.0, began + number * _TICK_S - clock()))


class Fleet:
    """A number of connections in turn; one that is lost is replaced."""

    def __init__(
        self, attacker: Attacker, size: int, window: int = MAX_WINDOW, *, decoding: bool = False
    ) -> None:
        self._attacker = attacker
        self._window, self._decoding = window, decoding
        self._places: list[Connection | None] = [None] * size
        self._connecting: dict[int, asyncio.Task[None]] = {}
        self._turn = 0

    @property
    def connections(self) -> list[Connection]:
        """The connections that are open; the others are being opened from now on."""
        for place, connection in enumerate(self._places):
            if (connection is None or connection.lost) and place not in self._connecting:
                self._connecting[place] = asyncio.create_task(self._connect(place))
        return [each for each in self._places if each is not None and not each.lost]

    def next(self) -> Connection | None:
        """Return the next connection that takes a call, or None."""
        able = [each for each in self.connections if each.room and not each.congested]
        self._turn += 1
        return able[self._turn % len(able)] if able else None

    async def _connect(self, place: int) -> None:
        lost, self._places[place] = self._places[place], None
        if lost is not None:
            lost.abort()
            await asyncio.sleep(_RECONNECT_S)
        with contextlib.suppress(OSError):
            self._places[place] = await self._attacker.connect(
                self._window, decoding=self._decoding
            )
        del self._connecting[place]
