"""Rules of contests: every order, tie break and rank style, as the plain model has them."""

import itertools

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from model.records import (
    Mode,
    Order,
    RankStyle,
    Rules,
    TieBreak,
    Update,
)
from model.rejections import MAX_SCORE
from storage.conftest import NewStore
from storage.ruled_contest import USERS, RuledContest

EXTREMES = (MAX_SCORE, 1 - MAX_SCORE, -MAX_SCORE)
CASES = list(itertools.product(Order, TieBreak))
"""Best score first, and of equal scores the first: each of the four cases."""

bounds: st.SearchStrategy[dict[str, int]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {},
        optional={
            "min_score": st.integers(-3, 0),
            "max_score": st.integers(0, 3),
            "max_points": st.integers(1, 2),
        },
    ),
)
updates = st.builds(
    Update,
    contest_id=st.just(""),
    user_id=st.sampled_from(USERS),
    points=st.one_of(st.integers(-2, 2), st.integers(-2, 2), st.sampled_from(EXTREMES)),
    mode=st.sampled_from(Mode),
    request_id=st.sampled_from(("", "", "", "r1", "r2")),
    display_name=st.sampled_from(("", "", "", "Ada")),
    attributes=st.sampled_from(((), (), (), (("team", "red"),), (("team", ""),))),
    clear_display_name=st.just(value=False),
)
commits = st.lists(st.lists(updates, min_size=1, max_size=4), min_size=1, max_size=12)


@pytest.mark.parametrize("style", RankStyle)
@pytest.mark.parametrize(("order", "tie_break"), CASES)
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(bounds=bounds, mode=st.sampled_from(list(Mode)[1:]), commits=commits)
async def test_boards_are_those_of_the_model(
    new_store: NewStore,
    any_redis: Redis,
    order: Order,
    tie_break: TieBreak,
    style: RankStyle,
    bounds: dict[str, int],
    mode: Mode,
    commits: list[list[Update]],
) -> None:
    """Every outcome, page, rank, log entry and distinct score is that of the model."""
    contest = RuledContest(new_store(), any_redis)
    await contest.create(
        Rules(order=order, tie_break=tie_break, rank_style=style, default_mode=mode, **bounds)
    )
    for updates in commits:
        await contest.commit(updates)
    await contest.compare()
