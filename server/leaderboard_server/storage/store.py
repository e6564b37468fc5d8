"""Reads and writes contests, with one typed method for each operation."""

import contextlib
import itertools
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias
from uuid import uuid4

from leaderboard_server.domain.board import Page, Standing
from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.update import MAX_SCORE, ScoreUpdate
from leaderboard_server.storage import keys, scripts
from leaderboard_server.storage.codec import (
    CommitReply,
    UnreadableCommit,
    decode_commit,
    decode_ranked_user,
    decode_reply,
    decode_rows,
    decode_standing,
    encode_updates,
)
from leaderboard_server.storage.pipelined_connection import Argument
from leaderboard_server.storage.positions import PositionTracker
from leaderboard_server.storage.scripts import Script, ScriptRunner, StoreConnection

_CONTEST_KEYS = 4
_COMMIT_KEYS = 7
"""The numbers of keys: those of a contest, and for a commit three request buckets more."""


@dataclass(frozen=True)
class Retention:
    """The retention of the log and of the request ids."""

    history_changes: int = 10_000
    """How many changes of a contest the log keeps, at least; watchers resume within them."""
    requests_s: int = 86_400
    """How long a request id is remembered at least, in seconds; at most twice as long."""


class RankQuestion(NamedTuple):
    """A user whose rank is read."""

    user_id: str
    neighbors: int
    """How many users on each side, from 0 to 100."""


Rank: TypeAlias = tuple[Position, Standing | None]
"""The position of the contest, and None for a user without a score in it."""


class History(NamedTuple):
    """Commits of the log, in order."""

    commits: list[Commit]
    position: Position
    """The position of the contest when they were read."""
    before: Commit | None
    """The commit right before them, where it was requested and the log still holds it."""


class Store:
    """Reads and changes contests. Lives as long as its connections.

    Raises:
        StoreUnavailable: From every method: the store is unreachable or did not reply in time.
    """

    def __init__(
        self,
        writes: StoreConnection,
        reads: StoreConnection,
        retention: Retention,
        *,
        clock: Callable[[], float] = time.time,
        new_token: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        """Commit through `writes`, and read through `reads` so that reads don't delay commits."""
        self._retention = retention
        self._clock = clock
        self._server_token = new_token()
        self._commit_numbers = itertools.count(1)
        self._epoch_prefix = new_token()[:16]
        self._epoch_numbers = itertools.count(1)
        self._positions = PositionTracker()
        self._epoch_observers: list[Callable[[str], None]] = []
        self._writes = ScriptRunner(writes)
        self._reads = ScriptRunner(reads)

    def add_epoch_observer(self, observer: Callable[[str], None]) -> None:
        """Call `observer` with a contest whenever a reply shows a new epoch of it."""
        self._epoch_observers.append(observer)

    async def commit(self, contest_id: str, updates: Sequence[ScoreUpdate]) -> CommitReply:
        """Apply updates of one contest in one atomic step.

        Only one commit of a contest may be in flight at a time: after a later one the store rejects
        an earlier one, unless a request bucket began in between.

        Args:
            contest_id: The contest.

            updates: 1 to 1,000 updates of it, applied in order.
        """
        bucket = int(self._clock()) // self._retention.requests_s
        sent_after = self._positions.latest(contest_id)
        reply = await self._writes.run(
            scripts.COMMIT,
            _COMMIT_KEYS,
            *keys.of_commit(contest_id, bucket),
            *self._common_arguments(contest_id, sent_after),
            self._server_token,
            next(self._commit_numbers),
            self._retention.history_changes,
            (bucket + 2) * self._retention.requests_s,
            encode_updates(updates),
        )
        decoded = decode_reply(contest_id, updates, reply)
        self._observe_reply(contest_id, sent_after, decoded.position)
        return decoded

    async def top(self, contest_id: str, start_rank: int, count: int) -> Page:
        """Read `count` ranks (1 to 1,000) of a contest from `start_rank` (from 1) on."""
        first = start_rank - 1
        position, (total, rows, entries) = await self._read(
            scripts.TOP, contest_id, first, first + count - 1
        )
        return Page(tuple(decode_rows(start_rank, rows, entries)), int(total), position)

    async def ranks(
        self, contest_id: str, questions: Sequence[RankQuestion]
    ) -> Callable[[], list[Rank]]:
        """Read the ranks of 1 to 1,000 users.

        Returns:
            A function that decodes the reply: the ranks in the order of the questions.
        """
        arguments = (argument for user_id, n in questions for argument in (n, user_id))
        position, (total, *standings) = await self._read(scripts.RANKS, contest_id, *arguments)

        def decode() -> list[Rank]:
            total_users = int(total)
            return [
                (position, decode_standing(question.user_id, standing, total_users, position))
                for question, standing in zip(questions, standings, strict=True)
            ]

        return decode

    async def users(self, contest_id: str, user_ids: Collection[str]) -> Page:
        """Read 1 to 1,000 users, best first, without those that have no rank."""
        arguments = (argument for user_id in user_ids for argument in (0, user_id))
        position, (total, *standings) = await self._read(scripts.RANKS, contest_id, *arguments)
        users = (
            decode_ranked_user(user_id, standing)
            for user_id, standing in zip(user_ids, standings, strict=True)
            if standing
        )
        return Page(tuple(sorted(users, key=lambda user: user.rank)), int(total), position)

    def epoch_changed(self, contest_id: str, position: Position) -> bool:
        """Return whether the latest reply was of another epoch than a position."""
        latest = self._positions.latest(contest_id)
        return latest not in (BEGINNING, position) and latest.epoch != position.epoch

    def latest(self, contest_id: str) -> Position:
        """Return the latest position of a contest that this server has seen."""
        return self._positions.latest(contest_id)

    def observe_commit(self, contest_id: str, position: Position) -> None:
        """Observe the position of a commit from the feed; the store must not be behind it."""
        self._positions.observe_commit(contest_id, position)

    async def position(self, contest_id: str) -> Position:
        """Read the position of a contest."""
        position, _ = await self._read(scripts.READ_POSITION, contest_id)
        return position

    async def end_epoch(self, contest_id: str, epoch: str) -> None:
        """Make a contest continue in a new epoch, unless it has left this one already.

        For a history that is known to be lost though the store's revision no longer shows it.
        """
        beyond = Position(epoch, MAX_SCORE)
        await self._reads.run(
            scripts.READ_POSITION,
            _CONTEST_KEYS,
            *keys.of_contest(contest_id),
            *self._common_arguments(contest_id, beyond),
        )

    async def history(self, contest_id: str, after_revision: int, limit: int) -> History:
        """Read up to `limit` commits after a revision, as far as the log still holds them."""
        position, (payload_before, payloads) = await self._read(
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
        position, (payloads,) = await self._read(
            scripts.READ_LOG_BACKWARD, contest_id, up_to_revision, limit
        )
        commits = [decode_commit(contest_id, payload) for payload in reversed(payloads)]
        return History(commits, position, None)

    async def _read(
        self, script: Script, contest_id: str, *arguments: Argument
    ) -> tuple[Position, list[Any]]:
        sent_after = self._positions.latest(contest_id)
        epoch, revision, *rest = await self._reads.run(
            script,
            _CONTEST_KEYS,
            *keys.of_contest(contest_id),
            *self._common_arguments(contest_id, sent_after),
            *arguments,
        )
        position = Position(epoch.decode(), int(revision))
        self._observe_reply(contest_id, sent_after, position)
        return position, rest

    def _common_arguments(self, contest_id: str, seen: Position) -> tuple[str, str, int, str]:
        """Return the first arguments of every script."""
        new_epoch = f"{self._epoch_prefix}-{next(self._epoch_numbers):x}"
        return keys.channel(contest_id), seen.epoch, seen.revision, new_epoch

    def _observe_reply(self, contest_id: str, sent_after: Position, position: Position) -> None:
        if self._positions.observe_reply(contest_id, sent_after, position):
            for observer in self._epoch_observers:
                observer(contest_id)
