"""Checks that a server wrote exactly the acknowledged points."""

from benchmarks.layouts import Layout
from benchmarks.seeding import Dataset
from benchmarks.store import RunningStore

_CHUNK = 20_000

_SUM = """
local sum = 0
local rows = redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2], 'WITHSCORES')
for i = 2, #rows, 2 do
  sum = sum + rows[i]
end
return string.format('%.0f', sum)
"""


class LedgerError(Exception):
    """The scores in the store differ from the acknowledged points."""


class Ledger:
    """The sum of all scores of one layout, compared after each run."""

    def __init__(self, store: RunningStore, layout: Layout, dataset: Dataset) -> None:
        self._store = store
        self._layout = layout
        self._dataset = dataset
        self._sum = self._read()

    def reset(self) -> None:
        """Take the current sum in the store as the start, after a failed run."""
        self._sum = self._read()

    def settle(self, points: int, *, uncertain: int = 0) -> None:
        """Compare the growth since the last call with the acknowledged points.

        Args:
            points: The acknowledged points.

            uncertain: The points of failed calls, which may have been written.

        Raises:
            LedgerError: They differ.
        """
        before, self._sum = self._sum, self._read()
        added = self._sum - before
        if not points <= added <= points + uncertain:
            raise LedgerError(f"{points} points were acknowledged and {added} are in the store")

    def _read(self) -> int:
        script = self._store.client.register_script(_SUM)
        total = 0
        for contest_id in self._dataset.contest_ids:
            board = self._layout.board(contest_id)
            size = int(self._store.client.zcard(board))
            for first in range(0, size, _CHUNK):
                total += int(script(keys=[board], args=[first, first + _CHUNK - 1]))
        return total
