"""Bounds of contests: what passes them is refused alone, with the bound, and nothing is written."""

import pytest
from redis.asyncio import Redis

from leaderboard_server.domain.errors import LeaderboardError, PointsOutOfRange, ScoreOutOfRange
from leaderboard_server.domain.rules import MAX_SCORE, Rules, UpdateMode
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult
from leaderboard_server.storage import keys
from leaderboard_server.storage.rules_codec import encode_rules
from leaderboard_server.storage.store import Store
from storage.conftest import NewStore
from storage.contest import CONTEST, add, commit

SET, BEST = UpdateMode.SET, UpdateMode.BEST


async def bound(redis: Redis, rules: Rules) -> None:
    """Give the contest rules, which hold from the next commit on."""
    await redis.hset(keys.meta(CONTEST), "rules", encode_rules(rules))


async def outcomes(store: Store, *updates: ScoreUpdate) -> list[int | LeaderboardError]:
    """Apply updates in one commit; return the score of each, or its error."""
    reply = await store.commit(CONTEST, updates)
    return [
        outcome.user.score if isinstance(outcome, UpdateResult) else outcome
        for outcome in reply.outcomes()
    ]


async def test_batch_refuses_only_what_passes_a_bound(
    new_store: NewStore, any_redis: Redis
) -> None:
    """The others are applied in order, as if the refused ones had not been there."""
    store = new_store()
    await bound(any_redis, Rules(min_score=0, max_score=10, max_points=6))

    first, below, too_many, above, last = await outcomes(
        store, add("ada", 6), add("bo", -1), add("ada", 7), add("ada", 5), add("ada", 4)
    )

    assert (first, last) == (6, 10)
    assert isinstance(below, ScoreOutOfRange)
    assert isinstance(above, ScoreOutOfRange)
    assert (below.min_score, below.max_score) == (above.min_score, above.max_score) == (0, 10)
    assert isinstance(too_many, PointsOutOfRange)
    assert too_many.max_points == 6
    page = await store.top(CONTEST, 1, 10)
    assert [(user.user_id, user.score) for user in page.users] == [("ada", 10)]
    assert page.position.revision == 2


async def test_refused_update_begins_no_contest(new_store: NewStore, any_redis: Redis) -> None:
    """A first update beyond a bound leaves no user and takes no revision."""
    store = new_store()
    await bound(any_redis, Rules(min_score=1))

    (refused,) = await outcomes(store, add("ada", 0))

    assert isinstance(refused, ScoreOutOfRange)
    assert (refused.min_score, refused.max_score) == (1, MAX_SCORE)
    assert (await store.position(CONTEST)).revision == 0


async def test_most_points_bound_increments_alone(new_store: NewStore, any_redis: Redis) -> None:
    """A score that is set or kept as the best one may be any within its own bounds."""
    store = new_store()
    await bound(any_redis, Rules(max_points=5))

    given = await outcomes(
        store, add("ada", 50, mode=SET), add("ada", 70, mode=BEST), add("ada", -5), add("ada", -6)
    )

    assert given[:3] == [50, 70, 65]
    assert isinstance(given[3], PointsOutOfRange)


async def test_score_from_before_a_bound_may_stay(new_store: NewStore, any_redis: Redis) -> None:
    """A later bound holds for new scores: another name is accepted, a step within is not yet."""
    store = new_store()
    await commit(store, add("ada", 50))
    await bound(any_redis, Rules(max_score=10))

    same, worse, outside, within = await outcomes(
        store,
        add("ada", 0, display_name="Ada"),
        add("ada", 20, mode=BEST),
        add("ada", -1),
        add("ada", -45),
    )

    assert (same, worse, within) == (50, 50, 5)
    assert isinstance(outside, ScoreOutOfRange)


@pytest.mark.parametrize("mode", list(UpdateMode)[1:])
async def test_refused_request_id_can_be_used_again(
    new_store: NewStore, any_redis: Redis, mode: UpdateMode
) -> None:
    """What was refused is not remembered."""
    store = new_store()
    await bound(any_redis, Rules(max_score=10))

    (refused,) = await outcomes(store, add("ada", 11, mode=mode, request_id="one"))
    (accepted,) = await outcomes(store, add("ada", 10, mode=mode, request_id="one"))

    assert isinstance(refused, ScoreOutOfRange)
    assert accepted == 10
