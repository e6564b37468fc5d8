"""Checks that a server wrote exactly the acknowledged points, and remembers request ids."""

import time

from benchmarks.layouts import Layout
from benchmarks.seeding import Dataset
from benchmarks.store import RunningStore
from leaderboard_server.storage import keys
from leaderboard_server.storage.store import Retention

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
    """The scores in the store differ from the acknowledged points, or request ids are missing."""


class Ledger:
    """The sum of all scores of one layout, compared after each run."""

    def __init__(self, store: RunningStore, layout: Layout, dataset: Dataset) -> None:
        self._store = store
        self._layout = layout
        self._dataset = dataset
        self.reset()

    def reset(self) -> None:
        """Take what is in the store now as the start, after a failed run."""
        self._sum, self._remembered = self._read(), self._count_remembered()

    def settle(self, points: int, *, uncertain: int = 0, request_ids: int = 0) -> None:
        """Compare the growth since the last call with the acknowledged points.

        Args:
            points: The acknowledged points.

            uncertain: The points of failed calls, which may have been written.

            request_ids: The number of acknowledged updates with a request id.

        Raises:
            LedgerError: They differ, or a layout with request ids holds too few of them.
        """
        before, known = self._sum, self._remembered
        self.reset()
        added, remembered = self._sum - before, self._remembered - known
        if not points <= added <= points + uncertain:
            raise LedgerError(f"{points} points were acknowledged and {added} are in the store")
        if self._layout is Layout.SERVICE and remembered < request_ids:
            raise LedgerError(f"{remembered} of {request_ids} request ids are remembered")

    def _read(self) -> int:
        script = self._store.client.register_script(_SUM)
        total = 0
        for contest_id in self._dataset.contest_ids:
            board = self._layout.board(contest_id)
            size = int(self._store.client.zcard(board))
            for first in range(0, size, _CHUNK):
                total += int(script(keys=[board], args=[first, first + _CHUNK - 1]))
        return total

    def _count_remembered(self) -> int:
        """Count the entries of the request buckets, a few more than there are request ids."""
        today = int(time.time()) // Retention().requests_s
        pipe = self._store.client.pipeline(transaction=False)
        for contest_id in self._dataset.contest_ids:
            for bucket in (today - 1, today):
                pipe.hlen(keys.requests(contest_id, bucket))
        return sum(pipe.execute())
