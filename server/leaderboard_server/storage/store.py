"""Every read and write of contests, one typed method for each script."""

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
from leaderboard_server.storage import keys
from leaderboard_server.storage.calls import Caller, ScriptCalls
from leaderboard_server.storage.codec import (
    CommitReply,
    UnreadableCommit,
    decode_commit,
    decode_reply,
    decode_rows,
    decode_standing,
    encode_updates,
)
from leaderboard_server.storage.pipelined_connection import Argument
from leaderboard_server.storage.positions import PositionTracker
from leaderboard_server.storage.scripts import (
    COMMIT,
    RANKS,
    READ_LOG,
    READ_LOG_BACKWARD,
    READ_POSITION,
    TOP,
    USERS,
    Script,
)

_CONTEST_KEYS = 4
_COMMIT_KEYS = 7
"""How many keys the scripts have: those of a contest, and three windows of request ids."""


@dataclass(frozen=True)
class Retention:
    """How long the store remembers what happened."""

    history_changes: int = 10_000
    """How many changes of a contest the log keeps, at least; watchers resume within them."""
    requests_s: int = 86_400
    """How long a request id is remembered at least, in seconds; at most twice as long."""


class RankQuestion(NamedTuple):
    """Whose rank is asked for."""

    user_id: str
    neighbors: int
    """How many users on each side, from 0 to 100."""


Rank: TypeAlias = tuple[Position, Standing | None]
"""Where the contest is, and None for a user who has no score in it."""


class History(NamedTuple):
    """Commits of the log, in order."""

    commits: list[Commit]
    position: Position
    """Where the contest was when they were read."""
    before: Commit | None
    """The commit right before them, where it was asked for and the log still holds it."""


class Store:
    """Reads and changes contests. Lives as long as the client that it is given.

    Raises:
        StoreUnavailable: From every method: the store is away or did not answer in time.
    """

    def __init__(
        self,
        writes: Caller,
        reads: Caller,
        retention: Retention,
        *,
        clock: Callable[[], float] = time.time,
        new_token: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        """Commit through `writes`; `reads` are apart, so that they don't hold up a commit."""
        self._retention = retention
        self._clock = clock
        self._server = new_token()
        self._sequence = itertools.count(1)
        self._epochs = new_token()[:16]
        self._epoch = itertools.count(1)
        self._seen = PositionTracker()
        self._epoch_observers: list[Callable[[str], None]] = []
        self._writes = ScriptCalls(writes)
        self._reads = ScriptCalls(reads)

    def add_epoch_observer(self, observer: Callable[[str], None]) -> None:
        """Call `observer` with a contest whenever the store answers with a new epoch of it."""
        self._epoch_observers.append(observer)

    async def commit(self, contest_id: str, updates: Sequence[ScoreUpdate]) -> CommitReply:
        """Apply updates of one contest in one atomic step.

        Only one commit of a contest may be under way at a time: a later one makes the store refuse
        an earlier one that arrives after it, unless a window of request ids began in between.

        Args:
            contest_id: The contest.

            updates: 1 to 1,000 updates of it, applied in order.
        """
        window = int(self._clock()) // self._retention.requests_s
        sent_after = self._seen.latest(contest_id)
        reply = await self._writes.call(
            COMMIT,
            _COMMIT_KEYS,
            *keys.of_commit(contest_id, window),
            *self._head(contest_id, sent_after),
            self._server,
            next(self._sequence),
            self._retention.history_changes,
            (window + 2) * self._retention.requests_s,
            encode_updates(updates),
        )
        decoded = decode_reply(contest_id, updates, reply)
        self._note(contest_id, sent_after, decoded.position)
        return decoded

    async def top(self, contest_id: str, start_rank: int, count: int) -> Page:
        """Read `count` ranks (1 to 1,000) of a contest from `start_rank` (from 1) on."""
        first = start_rank - 1
        position, (total, rows, entries) = await self._read(
            TOP, contest_id, first, first + count - 1
        )
        return Page(tuple(decode_rows(start_rank, rows, entries)), int(total), position)

    async def ranks(
        self, contest_id: str, questions: Sequence[RankQuestion]
    ) -> Callable[[], list[Rank]]:
        """Read where 1 to 1,000 users stand.

        Returns:
            What makes the answers of the reply, in the order of the questions.
        """
        arguments = (argument for user, n in questions for argument in (n, user))
        position, (total, *found) = await self._read(RANKS, contest_id, *arguments)

        def read() -> list[Rank]:
            total_users = int(total)
            return [
                (position, decode_standing(question.user_id, standing, total_users, position))
                for question, standing in zip(questions, found, strict=True)
            ]

        return read

    async def users(self, contest_id: str, user_ids: Collection[str]) -> Page:
        """Read those of 1 to 1,000 users who have a rank, best first."""
        position, (total, *rows) = await self._read(USERS, contest_id, *user_ids)
        users = sorted(
            (
                user
                for index, member, score, entry in rows
                for user in decode_rows(int(index) + 1, (member, score), (entry,))
            ),
            key=lambda user: user.rank,
        )
        return Page(tuple(users), int(total), position)

    def epoch_changed(self, contest_id: str, position: Position) -> bool:
        """Tell whether the latest answer of the store was of another epoch than a position."""
        latest = self._seen.latest(contest_id)
        return latest not in (BEGINNING, position) and latest.epoch != position.epoch

    def latest(self, contest_id: str) -> Position:
        """Return the latest position of a contest that the store has told this server."""
        return self._seen.latest(contest_id)

    def observe_commit(self, contest_id: str, position: Position) -> None:
        """Take in where a contest is, as the link tells; the store must not be behind it."""
        self._seen.observe_commit(contest_id, position)

    async def position(self, contest_id: str) -> Position:
        """Read where a contest is."""
        position, _ = await self._read(READ_POSITION, contest_id)
        return position

    async def end_epoch(self, contest_id: str, epoch: str) -> None:
        """Have a contest go on in a new epoch, unless it has left this one already.

        For a history that is known to be lost though the store's revision no longer shows it.
        """
        beyond = Position(epoch, MAX_SCORE)
        await self._reads.call(
            READ_POSITION,
            _CONTEST_KEYS,
            *keys.of_contest(contest_id),
            *self._head(contest_id, beyond),
        )

    async def history(self, contest_id: str, after_revision: int, limit: int) -> History:
        """Read up to `limit` commits after a revision, as far as the log still holds them."""
        position, (known, payloads) = await self._read(READ_LOG, contest_id, after_revision, limit)
        before = None
        if known:
            with contextlib.suppress(UnreadableCommit):
                before = decode_commit(contest_id, known)
        commits = [decode_commit(contest_id, payload) for payload in payloads]
        return History(commits, position, before)

    async def earlier(self, contest_id: str, up_to_revision: int, limit: int) -> History:
        """Read the last `limit` commits up to a revision that the log still holds, in order."""
        position, (payloads,) = await self._read(
            READ_LOG_BACKWARD, contest_id, up_to_revision, limit
        )
        commits = [decode_commit(contest_id, payload) for payload in reversed(payloads)]
        return History(commits, position, None)

    def _note(self, contest_id: str, sent_after: Position, seen: Position) -> None:
        before = self._seen.latest(contest_id)
        self._seen.observe_reply(contest_id, sent_after, seen)
        if before.epoch != self._seen.latest(contest_id).epoch:
            for observer in self._epoch_observers:
                observer(contest_id)

    def _head(self, contest_id: str, seen: Position) -> tuple[str, str, int, str]:
        """Return the arguments that every script begins with."""
        new_epoch = f"{self._epochs}-{next(self._epoch):x}"
        return keys.channel(contest_id), seen.epoch, seen.revision, new_epoch

    async def _read(
        self, script: Script, contest_id: str, *arguments: Argument
    ) -> tuple[Position, list[Any]]:
        sent_after = self._seen.latest(contest_id)
        epoch, revision, *rest = await self._reads.call(
            script,
            _CONTEST_KEYS,
            *keys.of_contest(contest_id),
            *self._head(contest_id, sent_after),
            *arguments,
        )
        position = Position(epoch.decode(), int(revision))
        self._note(contest_id, sent_after, position)
        return position, rest
