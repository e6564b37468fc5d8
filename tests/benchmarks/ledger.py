"""Checks that a server wrote what it acknowledged: no less, and no more."""

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
    """The scores in the store are not what was acknowledged."""


class Ledger:
    """The sum of all scores of one layout, run after run."""

    def __init__(self, store: RunningStore, layout: Layout, dataset: Dataset) -> None:
        self._store = store
        self._layout = layout
        self._dataset = dataset
        self._sum = self._read()

    def begin_again(self) -> None:
        """Count from what is in the store now, after a run that came to nothing."""
        self._sum = self._read()

    def settle(self, points: int, *, uncertain: int = 0) -> None:
        """Compare what was added since the last time with the points that were acknowledged.

        Args:
            points: The points that were acknowledged.

            uncertain: The points of calls that failed, which may have been written all the same.

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
