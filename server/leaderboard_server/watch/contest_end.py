"""Ends the watches of contests that are over, and seasons of watched contests, without a write.

Only the store says that a contest is closed, together with the position of its last change: no
clock of a server decides. A server knows when to ask, and asks again whenever the settings may have
changed. The read that follows the end of a season is what ends it.
"""

import asyncio

import structlog

from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.life import ContestState
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_server.replication.contest_reader import ContestReader, sleep_s
from leaderboard_server.replication.log_follower import IN_FLIGHT_S
from leaderboard_server.watch.recent_commits import RecentCommits

_log = structlog.get_logger()


class ContestEnd:
    """Closes the recent commits of one contest at its end, and ends its seasons.

    Implements `log_reader.Observer`.

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
            if contest.left_ms is None:
                return
            await asyncio.sleep(sleep_s(contest.left_ms / 1_000))

    async def _catch_up(self, last: Position) -> None:
        """Read the last commits from the log if their messages were lost."""
        if not self._recent.position.reaches(last):
            await asyncio.sleep(IN_FLIGHT_S)
            if not self._recent.position.reaches(last):
                self._recent.follower.catch_up("behind the end of the contest")
