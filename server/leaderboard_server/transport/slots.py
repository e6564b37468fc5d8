"""Concurrency slots: a limit on how many calls of one kind are open at a time."""

from leaderboard_server.transport.statuses import Limit, Overloaded


class Slots:
    """The slots of one limit; `with slots:` holds one, for any number of callers at a time."""

    def __init__(self, limit: Limit, count: int) -> None:
        """Have `count` slots; callers see the name of the limit when none is free."""
        self._limit: Limit = limit
        self._free = self._count = count

    @property
    def taken(self) -> int:
        """How many slots are not free."""
        return self._count - self._free

    def __enter__(self) -> None:
        """Take a slot, or raise `Overloaded`."""
        if not self._free:
            raise Overloaded(self._limit)
        self._free -= 1

    def __exit__(self, *_error: object) -> None:
        """Free the slot."""
        self._free += 1
