"""All boards that a contest has had, rebuilt from its log by sorting."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from redis.asyncio import Redis

from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.storage import keys


class _Row(NamedTuple):
    """A user's row; rows sort best first."""

    minus_score: int
    reached: int
    user_id: str
    name: str


class LoggedBoards:
    """
    All states that one contest has had in the store.

    Call `follow` after every step that may have changed the contest, and `lose` when its history is
    lost.

    Attributes:
        latest: The position of the contest at the last call of `follow`.
    """

    def __init__(self, redis: Redis, contest_id: str) -> None:
        self.latest = BEGINNING
        self._redis = redis
        self._contest_id = contest_id
        self._rows: dict[str, _Row] = {}
        self._boards: dict[Position, tuple[_Row, ...]] = {BEGINNING: ()}
        self._epochs = [BEGINNING.epoch]
        self._following = asyncio.Lock()

    async def follow(self) -> None:
        """Apply the commits since the last call, of any server."""
        async with self._following:
            await self._follow()

    async def _follow(self) -> None:
        epoch = str(await self._redis.hget(keys.meta(self._contest_id), "epoch") or "")
        if epoch not in self._epochs:
            self._epochs.append(epoch)
            self._rows.clear()
            self._remember(Position(epoch, 0))
        begin = f"({self.latest.revision}-0"
        entries: Any = await self._redis.xrange(keys.log(self._contest_id), begin)
        for _, entry in entries:
            self._apply(json.loads(entry["commit"]))

    def lose(self) -> None:
        """Reset the position of the contest: it is gone from the store, until it begins again."""
        self.latest = BEGINNING
        self._epochs.remove(BEGINNING.epoch)
        self._epochs.append(BEGINNING.epoch)

    def is_behind(self, position: Position, other: Position) -> bool:
        """Return whether one position is before the other one."""
        mine, others = (self._epochs.index(each.epoch) for each in (position, other))
        return (mine, position.revision) < (others, other.revision)

    def page(self, position: Position, start_rank: int, count: int) -> list[RankedUser]:
        """Return ranks as of a position at which a commit ended."""
        board = self._boards.get(position)
        assert board is not None, f"the store never was at {position}"
        return [
            RankedUser(row.user_id, -row.minus_score, rank, row.name, rank)
            for rank, row in enumerate(board, 1)
        ][start_rank - 1 : start_rank - 1 + count]

    def total(self, position: Position) -> int:
        """Return the number of users at a position."""
        return len(self._boards[position])

    def _apply(self, commit: Sequence[str | Sequence[str]]) -> None:
        epoch, previous, revision, _, *changes = commit
        assert int(str(previous)) == self.latest.revision, "a gap in the log"
        for revision_of_change, change in enumerate(changes, int(str(previous)) + 1):
            user_id, score, name = change[0], int(change[1]), change[7]
            before = self._rows.get(user_id)
            stays = before is not None and before.minus_score == -score
            reached = before.reached if before and stays else revision_of_change
            self._rows[user_id] = _Row(-score, reached, user_id, name)
        self._remember(Position(str(epoch), int(str(revision))))

    def _remember(self, position: Position) -> None:
        self.latest = position
        self._boards[position] = tuple(sorted(self._rows.values()))
