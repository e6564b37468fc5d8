"""Reads and writes contests, with one typed method for each operation."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple
from uuid import uuid4

from leaderboard_server.callbacks import Done, settle
from leaderboard_server.domain.board import Page, RankQuery, ScoreQuery
from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.reset_times import next_reset
from leaderboard_server.storage import keys, scripts
from leaderboard_server.storage.codec import (
    CommitReply,
    UnreadableCommit,
    decode_commit,
    encode_updates,
)
from leaderboard_server.storage.contest_scripts import ContestScripts, Read
from leaderboard_server.storage.contest_store import ContestStore
from leaderboard_server.storage.epochs import Epochs
from leaderboard_server.storage.instruments import StoreInstruments
from leaderboard_server.storage.moderation_store import ModerationStore
from leaderboard_server.storage.positions import PositionTracker
from leaderboard_server.storage.rank_replies import (
    RankReply,
    ScoreRankReply,
    UsersReply,
    rank_arguments,
    score_arguments,
    users_arguments,
)
from leaderboard_server.storage.recovery import NextReset
from leaderboard_server.storage.registration import Registration
from leaderboard_server.storage.registry import ContestRegistry
from leaderboard_server.storage.rows_codec import decode_page
from leaderboard_server.storage.script_runner import ScriptRunner
from leaderboard_server.storage.season_store import SeasonStore
from leaderboard_server.storage.store_connection import StoreConnection


@dataclass(frozen=True)
class Retention:
    """The retention of the log and of the request ids."""

    history_changes: int = 10_000
    """How many changes of a contest the log keeps, at least; watchers resume within them."""
    requests_s: int = 86_400
    """How long a request id is remembered at least, in seconds; at most twice as long."""


class History(NamedTuple):
    """Commits of the log, in order."""

    commits: list[Commit]
    position: Position
    """The position of the contest when they were read."""
    before: Commit | None
    """The commit right before them, where it was requested and the log still holds it."""


class Store:
    """Reads and changes contests. Lives as long as its connections.

    Attributes:
        contests: Reads and changes their settings, and deletes them.
        moderation: Removes, hides and erases users.
        registry: Knows all contests.
        seasons: Ends and lists seasons, reads kept ones, and erases users from them.

    Raises:
        StoreUnavailable: From every method: the store is unreachable or did not reply in time.
    """

    def __init__(
        self,
        writes: StoreConnection,
        reads: StoreConnection,
        retention: Retention,
        instruments: StoreInstruments,
        *,
        auto_create: bool = True,
        in_cluster: bool = False,
        clock: Callable[[], float] = time.time,
        next_reset: NextReset = next_reset,
        new_token: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        """Commit through `writes`, and read through `reads` so that reads don't delay commits.

        With `auto_create` a contest begins with its first score; without it, such an update is
        rejected. With `in_cluster` the connections are those of a cluster.
        """
        self._reads = reads
        self._retention = retention
        self._auto_create = int(auto_create)
        self._clock = clock
        self._server_token = new_token()
        self._commit_numbers = itertools.count(1)
        self._positions = PositionTracker()
        runners = (
            ScriptRunner(writes, instruments, in_cluster=in_cluster),
            ScriptRunner(reads, instruments, in_cluster=in_cluster),
        )
        self.registry = ContestRegistry(*runners, scanned=reads)
        self._epochs = Epochs(self._positions, self.registry, prefix=new_token()[:16])
        self._scripts = ContestScripts(
            *runners,
            self._positions,
            self.registry,
            self._epochs,
            self._bucket,
            next_reset,
            instruments,
        )
        self._registration = Registration(self.registry, self._scripts, self.shard_of)
        self.contests = ContestStore(
            self._scripts, self._registration, retention.history_changes, next_reset
        )
        self.moderation = ModerationStore(self._scripts, retention.history_changes)
        self.seasons = SeasonStore(
            self._scripts,
            self.contests,
            *runners,
            lambda contest_id: keys.request_buckets(contest_id, self._bucket()),
        )

    def shard_of(self, contest_id: str) -> Hashable:
        """Return what stands for the shard that a contest is on at present."""
        return self._reads.shard_of(keys.board(contest_id))

    def add_epoch_observer(self, observer: Callable[[str], None]) -> None:
        """Call `observer` with a contest whenever a reply shows a new epoch of it."""
        self._epochs.observers.append(observer)

    async def commit(self, contest_id: str, updates: Sequence[ScoreUpdate]) -> CommitReply:
        """Apply updates of one contest in one atomic step.

        Only one commit of a contest may be in flight at a time: after a later one the store rejects
        an earlier one, unless a request bucket began in between.

        Args:
            contest_id: The contest.

            updates: 1 to 1,000 updates of it, applied in order.

        Raises:
            StoreFull: The store has no memory left; nothing was written.
        """
        result: asyncio.Future[CommitReply] = asyncio.get_running_loop().create_future()
        self.start_commit(contest_id, updates, partial(settle, result))
        return await result

    def start_commit(
        self, contest_id: str, updates: Sequence[ScoreUpdate], done: Done[CommitReply]
    ) -> None:
        """Apply updates, and pass on what `commit` returns or raises."""
        send = partial(self._send_commit, contest_id, updates, done)
        if not self._auto_create or self.registry.knows(contest_id):
            send()
        else:
            self._registration.start(contest_id, lambda error: done(error) if error else send())

    def _send_commit(
        self, contest_id: str, updates: Sequence[ScoreUpdate], done: Done[CommitReply]
    ) -> None:
        bucket = self._bucket()
        self._scripts.start_commit(
            contest_id,
            bucket,
            updates,
            done,
            self._server_token,
            next(self._commit_numbers),
            self._retention.history_changes,
            (bucket + 2) * self._retention.requests_s,
            self._auto_create,
            encode_updates(updates),
        )

    def _bucket(self) -> int:
        """Return the number of the current request bucket."""
        return int(self._clock()) // self._retention.requests_s

    async def top(self, contest_id: str, start_place: int, count: int) -> Page:
        """Read `count` rows (1 to 1,000) of a contest from `start_place` (from 1) on."""
        first = start_place - 1
        read = await self._scripts.read(scripts.TOP, contest_id, first, first + count - 1)
        return decode_page(*read)

    def start_ranks(
        self, contest_id: str, queries: Sequence[RankQuery], done: Done[RankReply]
    ) -> None:
        """Read the ranks of 1 to 1,000 users, and pass on the reply or the error."""

        def on_read(read: Read | Exception) -> None:
            done(read if isinstance(read, Exception) else RankReply(queries, read))

        self._scripts.start_read(scripts.RANKS, contest_id, on_read, *rank_arguments(queries))

    def start_score_ranks(
        self, contest_id: str, queries: Sequence[ScoreQuery], done: Done[ScoreRankReply]
    ) -> None:
        """Read the ranks of 1 to 1,000 scores, and pass on the reply or the error."""

        def on_read(read: Read | Exception) -> None:
            done(read if isinstance(read, Exception) else ScoreRankReply(read))

        arguments = score_arguments(queries)
        self._scripts.start_read(scripts.SCORE_RANKS, contest_id, on_read, *arguments)

    def start_users(self, contest_id: str, user_ids: Sequence[str], done: Done[UsersReply]) -> None:
        """Read the ranks of 1 to 1,000 users, and pass on the reply or the error."""

        def on_read(read: Read | Exception) -> None:
            done(read if isinstance(read, Exception) else UsersReply(user_ids, read))

        self._scripts.start_read(scripts.RANKS, contest_id, on_read, *users_arguments(user_ids))

    async def users(self, contest_id: str, user_ids: Collection[str]) -> Page:
        """Read 1 to 1,000 users, best first, without those that have no rank."""
        result: asyncio.Future[UsersReply] = asyncio.get_running_loop().create_future()
        self.start_users(contest_id, list(user_ids), partial(settle, result))
        reply = await result
        users = sorted(filter(None, reply.users()), key=lambda user: user.place)
        return Page(tuple(users), reply.total_users, reply.position, reply.rules)

    def epoch_changed(self, contest_id: str, position: Position) -> bool:
        """Return whether a position is of another epoch than the latest reply."""
        return self._positions.left_epoch(contest_id, position.epoch)

    def latest(self, contest_id: str) -> Position:
        """Return the latest position of a contest that this server has seen."""
        return self._positions.latest(contest_id)

    def observe_commit(self, contest_id: str, position: Position) -> None:
        """Observe the position of a commit from the feed; the store must not be behind it."""
        self._positions.observe_commit(contest_id, position)

    def observe_deletion(self, contest_id: str, epoch: str) -> None:
        """Observe from the feed that a contest was deleted in an epoch."""
        self._positions.observe_deletion(contest_id, epoch)
        self.registry.forget(contest_id)
        self.seasons.observe_change(contest_id)

    async def position(self, contest_id: str) -> Position:
        """Read the position of a contest."""
        position, _ = await self._scripts.read(scripts.READ_POSITION, contest_id)
        return position

    async def end_epoch(self, contest_id: str, epoch: str) -> Position:
        """Make a contest continue in a new epoch, unless it has left this one already.

        For a history that is known to be lost though the store's revision no longer shows it.

        Returns:
            The position of the contest after that.
        """
        return await self._scripts.recovery.end_epoch(contest_id, epoch)

    async def history(self, contest_id: str, after_revision: int, limit: int) -> History:
        """Read up to `limit` commits after a revision, as far as the log still holds them."""
        position, (payload_before, payloads) = await self._scripts.read(
            scripts.READ_LOG, contest_id, after_revision, limit
        )
        before = None
        if payload_before:
            with contextlib.suppress(UnreadableCommit):
                before = decode_commit(contest_id, payload_before)
        commits = [decode_commit(contest_id, payload) for payload in payloads]
        return History(commits, position, before)

    async def earlier(self, contest_id: str, up_to_revision: int, limit: int) -> History:
        """Read the last `limit` commits up to a revision that the log still holds, in order."""
        position, (payloads,) = await self._scripts.read(
            scripts.READ_LOG_BACKWARD, contest_id, up_to_revision, limit
        )
        commits = [decode_commit(contest_id, payload) for payload in reversed(payloads)]
        return History(commits, position, None)
