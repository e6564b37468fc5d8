"""Concurrency slots: a limit on how many calls of one kind are open at a time."""

import contextlib
from collections.abc import Iterator

from leaderboard_server.transport.statuses import Limit, Overloaded


class Slots:
    """The slots of one limit."""

    def __init__(self, limit: Limit, count: int) -> None:
        """Have `count` slots; callers see the name of the limit when none is free."""
        self._limit: Limit = limit
        self._free = count

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold a slot, or raise `Overloaded`."""
        if not self._free:
            raise Overloaded(self._limit)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
