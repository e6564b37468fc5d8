"""Finds out when watched contests are over, so that their watches end without a write.

Only the store says that a contest is closed, together with the position of its last change: no
clock of a server decides. A server knows when to ask, and asks again whenever the settings may have
changed.
"""

import asyncio

import structlog

from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.contest import Contest
from leaderboard_server.domain.errors import StoreFailure
from leaderboard_server.domain.life import ContestState
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_server.replication.log_follower import IN_FLIGHT_S
from leaderboard_server.storage.store import Store
from leaderboard_server.watch.recent_commits import RecentCommits

_log = structlog.get_logger()

READS_AT_ONCE = 32
"""Contests that are read at a time, since many may end at the same moment."""
RETRY_S = 0.5
"""Delay before a contest is read again after an error."""
LONGEST_SLEEP_S = 60.0
"""The longest time until a contest that has an end is read again."""
EXACT_S = 10.0
"""The time before the end from which on a contest is read right at the end."""
SLEPT_SHARE = 0.9
"""The share of a longer time after which it is read again: clocks run at different rates."""


def sleep_s(left_s: float) -> float:
    """Return how long to sleep before a contest is read again that has this time left."""
    return left_s if left_s < EXACT_S else min(SLEPT_SHARE * left_s, LONGEST_SLEEP_S)


class ContestReader:
    """Reads watched contests from the store, a few at a time. Lives as long as the hub."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._slots = asyncio.Semaphore(READS_AT_ONCE)

    async def read(self, contest_id: str) -> Contest | None:
        """Read a contest, however long the store is away; None if there is none."""
        while True:
            try:
                async with self._slots:
                    return await self._store.contests.read(contest_id)
            except StoreFailure:
                pass
            except Exception:  # noqa: BLE001 - else the watches of the contest would never end
                _log.exception("contest_unreadable", contest_id=contest_id)
            await asyncio.sleep(RETRY_S)


class ContestEnd:
    """Closes the recent commits of one contest at its end. Implements `log_reader.Observer`.

    Open from `start` to `close`; its task ends once there is nothing to wait for.
    """

    def __init__(self, recent: RecentCommits, reader: ContestReader) -> None:
        self._recent = recent
        self._reader = reader
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Read the contest, now that its commits are followed, in place of a read before."""
        self.close()
        self._task = asyncio.create_task(self._wait_for_end(), name="contest-end")

    def close(self) -> None:
        """Stop waiting for the end."""
        if self._task:
            self._task.cancel()

    def on_commit(self, commit: Commit) -> None:
        """See `log_reader.Observer`."""
        if not commit.previous_revision:
            self.start()

    def on_restart(self, _position: Position, _reason: SnapshotReason) -> None:
        """See `log_reader.Observer`."""
        self.start()

    def on_deleted(self) -> None:
        """See `log_reader.Observer`."""
        self.close()

    def on_stale(self) -> None:
        """See `log_reader.Observer`; a contest that is closed gets no writes."""

    async def _wait_for_end(self) -> None:
        contest_id = self._recent.follower.contest_id
        while contest := await self._reader.read(contest_id):
            if contest.state is ContestState.CLOSED:
                self._recent.close_contest(contest.position)
                _log.debug("contest_closed", contest_id=contest_id)
                await self._catch_up(contest.position)
                return
            ends_at_ms = contest.settings.life.ends_at_ms
            if ends_at_ms is None:
                return
            await asyncio.sleep(sleep_s((ends_at_ms - contest.read_at_ms) / 1_000))

    async def _catch_up(self, last: Position) -> None:
        """Read the last commits from the log if their messages were lost."""
        if not self._recent.position.reaches(last):
            await asyncio.sleep(IN_FLIGHT_S)
            if not self._recent.position.reaches(last):
                self._recent.follower.catch_up("behind the end of the contest")
