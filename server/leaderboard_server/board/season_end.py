"""Ends the seasons of one contest whose window is in memory, without a call."""

import asyncio
from collections.abc import Callable

from leaderboard_server.replication.contest_reader import EXACT_S, ContestReader, sleep_s


class SeasonEnd:
    """Reads the contest at the end of each season, which is what ends it. Open until `close`."""

    def __init__(self, contest_id: str, reader: ContestReader, on_over: Callable[[], None]) -> None:
        """Call `on_over` at the end of each season, before the contest is read by `reader`."""
        self._contest_id = contest_id
        self._reader = reader
        self._on_over = on_over
        self._task: asyncio.Task[None] | None = None

    def wait(self, left_ms: int | None) -> None:
        """Wait for the end of the season, in place of another time before; None: it has none."""
        self.close()
        if left_ms is not None:
            self._task = asyncio.create_task(self._end_seasons(left_ms), name="season-end")

    def close(self) -> None:
        """Stop waiting."""
        if self._task:
            self._task.cancel()
            self._task = None

    async def _end_seasons(self, left_ms: int) -> None:
        while True:
            left_s = left_ms / 1_000
            await asyncio.sleep(sleep_s(left_s))
            if left_s < EXACT_S:
                self._on_over()
            contest = await self._reader.read(self._contest_id)
            if not contest or contest.next_reset_at_ms is None:
                return
            left_ms = contest.next_reset_at_ms - contest.read_at_ms
