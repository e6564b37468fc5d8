"""Writes to and reads of the one contest of the store tests."""

import asyncio
from functools import partial

from leaderboard_server.callbacks import settle
from leaderboard_server.domain.board import RankQuery
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult
from leaderboard_server.storage.rank_replies import Rank, RankReply
from leaderboard_server.storage.store import Store

CONTEST = "chess"


def add(user_id: str, points: int = 1, **more: object) -> ScoreUpdate:
    """Return an update that adds points."""
    return ScoreUpdate(CONTEST, user_id, points, **more)  # type: ignore[arg-type]


async def commit(store: Store, *updates: ScoreUpdate) -> list[UpdateResult]:
    """Commit updates, and check that none is rejected."""
    outcomes = (await store.commit(CONTEST, updates)).outcomes()
    results = [outcome for outcome in outcomes if isinstance(outcome, UpdateResult)]
    assert len(results) == len(updates), outcomes
    return results


async def rank(store: Store, user_id: str, neighbors: int = 0) -> Rank:
    """Return the rank of one user."""
    reply: asyncio.Future[RankReply] = asyncio.get_running_loop().create_future()
    store.start_ranks(CONTEST, (RankQuery(CONTEST, user_id, neighbors),), partial(settle, reply))
    (answer,) = (await reply).ranks()
    return answer


async def score(store: Store, user_id: str) -> int:
    """Return a user's score."""
    _, standing = await rank(store, user_id)
    assert standing
    return standing.user.score


async def ids(store: Store) -> list[str]:
    """Return the users of the board, best first."""
    return [user.user_id for user in (await store.top(CONTEST, 1, 100)).users]
