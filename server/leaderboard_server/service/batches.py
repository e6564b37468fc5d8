"""Applies updates of many contests: those of each contest in one commit, shard by shard."""

import asyncio
import itertools
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeAlias

from leaderboard_server.board.committer import Committer
from leaderboard_server.domain.errors import (
    LeaderboardError,
    Outcome,
    ScoreOutOfRange,
    StoreFailure,
    StoreUnavailable,
)
from leaderboard_server.domain.rules import MAX_SCORE
from leaderboard_server.domain.update import ScoreUpdate

CONTESTS_AT_ONCE = 32
"""Contests of one batch and shard that are committed concurrently; other callers get a turn in
between."""

_Updates: TypeAlias = Mapping[str, Sequence[ScoreUpdate]]
"""Updates by contest."""
_Group: TypeAlias = Sequence[Outcome] | StoreFailure
"""The outcomes of the updates of one contest, or why all of them have failed."""


class Batches:
    """Applies batches. Lives as long as the committer."""

    def __init__(self, committer: Committer, shard_of: Callable[[str], Hashable]) -> None:
        """Commit by `committer`; `shard_of` returns what stands for the shard of a contest."""
        self._committer = committer
        self._shard_of = shard_of

    async def apply(self, updates: Sequence[ScoreUpdate | LeaderboardError]) -> list[Outcome]:
        """Apply updates; see `leaderboard.LeaderboardService.update_batch`."""
        contests: dict[str, list[ScoreUpdate]] = {}
        checked = [_check_points(update) for update in updates]
        for update in checked:
            if isinstance(update, ScoreUpdate):
                contests.setdefault(update.contest_id, []).append(update)
        groups = await self._commit(contests)
        if failure := _common_failure(list(groups.values())):
            raise failure
        outcomes = {
            contest_id: itertools.repeat(group) if isinstance(group, StoreFailure) else iter(group)
            for contest_id, group in groups.items()
        }
        return [
            next(outcomes[update.contest_id]) if isinstance(update, ScoreUpdate) else update
            for update in checked
        ]

    async def _commit(self, contests: _Updates) -> dict[str, _Group]:
        """Commit to all shards at a time: no contest waits for one of another shard."""
        of_shards: dict[Hashable, dict[str, Sequence[ScoreUpdate]]] = {}
        for contest_id, updates in contests.items():
            of_shards.setdefault(self._shard_of(contest_id), {})[contest_id] = updates
        groups: dict[str, _Group] = {}
        for some in await asyncio.gather(*map(self._commit_to_shard, of_shards.values())):
            groups |= some
        return groups

    async def _commit_to_shard(self, contests: _Updates) -> dict[str, _Group]:
        groups: dict[str, _Group] = {}
        names = list(contests)
        for first in range(0, len(names), CONTESTS_AT_ONCE):
            some = names[first : first + CONTESTS_AT_ONCE]
            done = await asyncio.gather(*(self._commit_one(one, contests[one]) for one in some))
            groups.update(zip(some, done, strict=True))
            if failure := _common_failure(done):
                # The others would fail too, each round of them after the store's timeout.
                return groups | dict.fromkeys(names[len(groups) :], failure)
        return groups

    async def _commit_one(self, contest_id: str, updates: Sequence[ScoreUpdate]) -> _Group:
        try:
            return await self._committer.commit(contest_id, updates)
        except StoreFailure as error:
            return error


def _common_failure(groups: Sequence[_Group]) -> StoreFailure | None:
    """Return the error of all groups if each has failed; what may have been applied says so."""
    failures = [group for group in groups if isinstance(group, StoreFailure)]
    if not failures or len(failures) < len(groups):
        return None
    return next((one for one in failures if isinstance(one, StoreUnavailable)), failures[0])


def _check_points(update: ScoreUpdate | LeaderboardError) -> ScoreUpdate | LeaderboardError:
    if isinstance(update, ScoreUpdate) and abs(update.points) > MAX_SCORE:
        return ScoreOutOfRange(update.contest_id, update.user_id)
    return update
