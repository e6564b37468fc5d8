"""Every read and write of contests, one typed method for each script."""

import asyncio
import itertools
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import uuid4

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError

from leaderboard_server.domain.board import Page, Standing
from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.update import MAX_SCORE, ScoreUpdate
from leaderboard_server.storage import keys, scripts
from leaderboard_server.storage.codec import (
    CommitReply,
    decode_commit,
    decode_reply,
    decode_rows,
    encode_updates,
)
from leaderboard_server.storage.connection import store_errors
from leaderboard_server.storage.positions import SeenPositions

CALL_S = 2.0
"""How long a call may take in all, sending it again included. The longest script takes about 0.1 s;
a store that takes longer hangs."""
_RESENDS = 2
"""How often a call is sent again when its connection breaks, or the store has forgotten the script.
A commit is recognised by its sequence and answered as the first time; reads have no effect."""


@dataclass(frozen=True)
class Retention:
    """How long the store remembers what happened."""

    history_changes: int = 10_000
    """How many changes of a contest the log keeps, at least; watchers resume within them."""
    requests_s: int = 86_400
    """How long a request id is remembered at least, in seconds; at most twice as long."""


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
        writes: Redis,
        reads: Redis,
        retention: Retention,
        *,
        clock: Callable[[], float] = time.time,
        new_token: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        """Commit through `writes`; `reads` are apart, so that they don't hold up a commit."""
        self._retention = retention
        self._clock = clock
        self._new_token = new_token
        self._server = new_token()
        self._sequence = itertools.count(1)
        self._seen = SeenPositions()
        self._retry = Retry(
            ExponentialBackoff(cap=0.05, base=0.01),
            _RESENDS,
            supported_errors=(ConnectionLost, NoScriptError),
        )
        self._commit = writes.register_script(scripts.source("commit"))
        self._where = reads.register_script(scripts.source("where"))
        self._top = reads.register_script(scripts.source("top"))
        self._rank = reads.register_script(scripts.source("rank"))
        self._users = reads.register_script(scripts.source("users"))
        self._history = reads.register_script(scripts.source("history"))
        self._earlier = reads.register_script(scripts.source("earlier"))

    async def commit(self, contest_id: str, updates: Sequence[ScoreUpdate]) -> CommitReply:
        """Apply updates of one contest in one atomic step.

        Only one commit of a contest may be under way at a time: a later one makes the store refuse
        an earlier one that arrives after it.

        Args:
            contest_id: The contest.

            updates: 1 to 1,000 updates of it, applied in order.
        """
        window = int(self._clock()) // self._retention.requests_s
        commit_keys = [
            *_contest_keys(contest_id),
            keys.requests(contest_id, window),
            keys.requests(contest_id, window - 1),
            keys.requests(contest_id, window + 1),
        ]
        arguments: list[str | int] = [
            self._server,
            next(self._sequence),
            self._retention.history_changes,
            (window + 2) * self._retention.requests_s,
            encode_updates(updates),
        ]
        sent_after = self._seen.latest(contest_id)
        reply = await self._call(self._commit, contest_id, sent_after, commit_keys, arguments)
        decoded = decode_reply(contest_id, updates, reply)
        self._seen.note(contest_id, sent_after, decoded.commit.position)
        return decoded

    async def top(self, contest_id: str, start_rank: int, count: int) -> Page:
        """Read `count` ranks (1 to 1,000) of a contest from `start_rank` (from 1) on."""
        first = start_rank - 1
        position, (total, rows, entries) = await self._read(
            self._top, contest_id, first, first + count - 1
        )
        return Page(tuple(decode_rows(start_rank, rows, entries)), int(total), position)

    async def rank(
        self, contest_id: str, user_id: str, neighbors: int
    ) -> tuple[Position, Standing | None]:
        """Read the rank of a user with `neighbors` (0 to 100) users on each side.

        Returns:
            Where the contest is, and None for a user who has no score in it.
        """
        position, (total, *found) = await self._read(self._rank, contest_id, user_id, neighbors)
        if not found:
            return position, None
        first, rows, entries = found
        users = list(decode_rows(int(first) + 1, rows, entries))
        user = next(row for row in users if row.user_id == user_id)
        users.remove(user)
        return position, Standing(user, tuple(users), int(total), position)

    async def users(self, contest_id: str, user_ids: Collection[str]) -> Page:
        """Read those of 1 to 1,000 users who have a rank, best first."""
        position, (total, *rows) = await self._read(self._users, contest_id, *user_ids)
        users = sorted(
            (
                user
                for index, member, score, entry in rows
                for user in decode_rows(int(index) + 1, (member, score), (entry,))
            ),
            key=lambda user: user.rank,
        )
        return Page(tuple(users), int(total), position)

    def sees_another_epoch(self, contest_id: str, position: Position) -> bool:
        """Tell whether the latest answer of the store was of another epoch than a position."""
        latest = self._seen.latest(contest_id)
        return latest not in (BEGINNING, position) and latest.epoch != position.epoch

    def hear(self, contest_id: str, position: Position) -> None:
        """Take in where a contest is, as the link tells; the store must not be behind it."""
        self._seen.hear(contest_id, position)

    async def position(self, contest_id: str) -> Position:
        """Read where a contest is."""
        position, _ = await self._read(self._where, contest_id)
        return position

    async def end_epoch(self, contest_id: str, epoch: str) -> None:
        """Have a contest go on in a new epoch, unless it has left this one already.

        For a history that is known to be lost though the store's revision no longer shows it.
        """
        beyond = Position(epoch, MAX_SCORE)
        await self._call(self._where, contest_id, beyond, _contest_keys(contest_id), ())

    async def history(self, contest_id: str, after_revision: int, limit: int) -> History:
        """Read up to `limit` commits after a revision, as far as the log still holds them."""
        position, (known, payloads) = await self._read(
            self._history, contest_id, after_revision, limit
        )
        before = decode_commit(contest_id, known) if known else None
        commits = [decode_commit(contest_id, payload) for payload in payloads]
        return History(commits, position, before)

    async def earlier(self, contest_id: str, up_to_revision: int, limit: int) -> History:
        """Read the last `limit` commits up to a revision that the log still holds, in order."""
        position, (payloads,) = await self._read(self._earlier, contest_id, up_to_revision, limit)
        commits = [decode_commit(contest_id, payload) for payload in reversed(payloads)]
        return History(commits, position, None)

    async def _read(
        self, script: AsyncScript, contest_id: str, *arguments: str | int
    ) -> tuple[Position, list[Any]]:
        sent_after = self._seen.latest(contest_id)
        epoch, revision, *rest = await self._call(
            script, contest_id, sent_after, _contest_keys(contest_id), arguments
        )
        position = Position(epoch.decode(), int(revision))
        self._seen.note(contest_id, sent_after, position)
        return position, rest

    async def _call(
        self,
        script: AsyncScript,
        contest_id: str,
        seen: Position,
        script_keys: Sequence[str],
        arguments: Sequence[str | int],
    ) -> Any:
        head = (keys.channel(contest_id), seen.epoch, seen.revision, self._new_token())

        async def send() -> Any:
            return await script(keys=script_keys, args=[*head, *arguments])

        async def forget(_error: BaseException) -> None:
            """Leave the lost connection to the pool, which opens another one."""

        with store_errors():
            async with asyncio.timeout(CALL_S):
                return await self._retry.call_with_retry(send, forget)


def _contest_keys(contest_id: str) -> list[str]:
    return [
        keys.board(contest_id),
        keys.users(contest_id),
        keys.meta(contest_id),
        keys.log(contest_id),
    ]
