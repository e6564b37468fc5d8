"""Kept seasons in the store: read as before they ended, listed, and changed by erasures alone."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from harness.seasons import end_season
from harness.waiting import eventually
from leaderboard_server.callbacks import settle
from leaderboard_server.domain.board import RankQuery, ScoreQuery
from leaderboard_server.domain.contest import ContestSettings
from leaderboard_server.domain.life import Life
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.rules import Order, RankStyle, Rules, TieBreak
from leaderboard_server.domain.seasons import SeasonsPage, SeasonsQuery
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage import keys
from leaderboard_server.storage.season_store import ErasedSeasons
from leaderboard_server.storage.store import Store
from storage.conftest import NewStore
from storage.contest import CONTEST, add, commit
from storage.test_moderation import texts

USERS = ("ada", "bo", "cy", "di", "ed", "fe")
ABSENT = "zoe"
PAGES = [(start, count) for start in (1, 2, 4, len(USERS)) for count in (2, 10)]
WIDTHS = [(0, 0), (2, 3)]
CASES = list(itertools.product(Order, TieBreak))
DENSE = Rules(order=Order.LOWEST_FIRST, rank_style=RankStyle.DENSE)
RULES = [Rules(), DENSE]

commits = st.lists(
    st.tuples(
        st.sampled_from(USERS),
        st.integers(-2, 2),
        st.sampled_from(("", "", "Ada")),
        st.sampled_from(((), (), (("team", "red"),))),
    ),
    min_size=1,
    max_size=12,
)
_numbers = itertools.count()


async def everything(store: Store, contest_id: str, season: int = 0) -> list[object]:
    """Return all pages, ranks and score ranks of the current season, or of a kept one."""
    ranks = [
        RankQuery(contest_id, user_id, *widths) for user_id in (*USERS, ABSENT) for widths in WIDTHS
    ]
    scores = [ScoreQuery(contest_id, score, n) for score in range(-3, 4) for n in (0, 3)]
    users = (*USERS, ABSENT)
    found: list[object] = []
    if season:
        kept = store.seasons
        found += [await kept.top(contest_id, season, *page) for page in PAGES]
        found += [await kept.rank(season, query) for query in ranks]
        found += [await kept.score_rank(season, query) for query in scores]
        reply = await kept.users(contest_id, season, users)
        assert reply
    else:
        found += [await store.top(contest_id, *page) for page in PAGES]
        found += (await _reply(partial(store.start_ranks, contest_id, ranks))).ranks()
        found += (await _reply(partial(store.start_score_ranks, contest_id, scores))).ranks()
        reply = await _reply(partial(store.start_users, contest_id, users))
    return [*found, reply.users(), reply.position, reply.total_users]


def _reply(start: Callable[..., None]) -> Awaitable[Any]:
    result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    start(partial(settle, result))
    return result


async def seasons_of(new_store: NewStore, number: int, rules: Rules) -> Store:
    """Return a store with a contest that has ended so many seasons, with a score for each user."""
    store = new_store()
    await store.contests.create(CONTEST, ContestSettings(rules=rules))
    for season in range(number):
        await commit(store, *(add(user, season, display_name=user.upper()) for user in USERS))
        await end_season(store, CONTEST)
    return store


@pytest.mark.parametrize("style", RankStyle)
@pytest.mark.parametrize(("order", "tie_break"), CASES)
@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(first=commits, hidden=st.sampled_from((*USERS, "")), second=commits)
async def test_kept_season_is_read_as_before_it_ended(
    new_store: NewStore,
    order: Order,
    tie_break: TieBreak,
    style: RankStyle,
    first: list[Any],
    hidden: str,
    second: list[Any],
) -> None:
    """All pages, ranks and positions are those of the board before the end, whatever follows."""
    store, contest_id = new_store(), f"kept-{next(_numbers)}"
    rules = Rules(order=order, tie_break=tie_break, rank_style=style)
    await store.contests.create(contest_id, ContestSettings(rules=rules))
    before = {}
    for season, rows in enumerate((first, second), 1):
        updates = [
            ScoreUpdate(contest_id, user, points, display_name=name, attributes=attributes)
            for user, points, name, attributes in rows
        ]
        await store.commit(contest_id, updates)
        if hidden:
            await store.moderation.hide(contest_id, (hidden,))
        before[season] = await everything(store, contest_id)
        assert await end_season(store, contest_id) == season

    await store.commit(contest_id, [ScoreUpdate(contest_id, "ada", 5)])
    await store.moderation.remove(contest_id, USERS)

    for season, board in before.items():
        assert await everything(store, contest_id, season) == board


async def test_season_that_is_not_kept(new_store: NewStore, any_redis: Redis) -> None:
    """The current one, later ones, those that are not kept any more: nothing is left of them."""
    store = await seasons_of(new_store, 3, DENSE)
    contest = await store.contests.read(CONTEST)
    assert contest
    fewer = contest.settings._replace(keep_seasons=2)
    assert (await store.contests.update(CONTEST, contest.settings, fewer)).written
    await commit(store, add("ada"))
    await end_season(store, CONTEST)

    for season in (-1, 0, 1, 2, 5, 6):
        assert await store.seasons.top(CONTEST, season, 1, 10) is None
        assert await store.seasons.rank(season, RankQuery(CONTEST, "ada")) is None
        assert await store.seasons.users(CONTEST, season, ("ada",)) is None
        assert await store.seasons.score_rank(season, ScoreQuery(CONTEST, 1)) is None
    assert await store.seasons.top(CONTEST, 3, 1, 10)
    assert await store.seasons.top(CONTEST, 4, 1, 10)
    assert await any_redis.exists(*keys.of_seasons(CONTEST, (1, 2))) == 0
    assert await any_redis.exists(*keys.of_seasons(CONTEST, (3,))) == 4  # none is hidden


async def expire(store: Store) -> None:
    """Have the contest expire, and read it."""
    contest = await store.contests.read(CONTEST)
    assert contest
    life = Life(ends_at_ms=2, expire_after_ms=1_000)
    after = contest.settings._replace(life=life)
    assert (await store.contests.update(CONTEST, contest.settings, after)).written
    assert await store.contests.read(CONTEST) is None


async def delete(store: Store) -> None:
    """Delete the contest."""
    assert await store.contests.delete(CONTEST, "")


@pytest.mark.parametrize("end", [delete, expire])
async def test_nothing_is_left_of_a_contest(
    new_store: NewStore, any_redis: Redis, end: Callable[[Store], Awaitable[None]]
) -> None:
    """Its kept seasons go with it, also where the server knows nothing of them."""
    store = await seasons_of(new_store, 3, DENSE)
    await store.moderation.hide(CONTEST, ("ada",))
    await end_season(store, CONTEST)

    await end(new_store())

    await eventually(partial(is_gone, any_redis), "all keys of the contest are gone")
    assert await store.seasons.top(CONTEST, 1, 1, 10) is None
    assert await store.seasons.list(SeasonsQuery(CONTEST, 10)) is None


async def is_gone(redis: Redis) -> bool:
    """Return whether no key is of the contest, nor names it."""
    return not any(CONTEST in text for text in await texts(redis))


async def test_seasons_are_listed(new_store: NewStore) -> None:
    """The current one first, each page after the one before, and none twice."""
    store = await seasons_of(new_store, 4, Rules())
    await commit(store, add("ada"), add("bo"))

    pages = [await store.seasons.list(SeasonsQuery(CONTEST, 3))]
    assert pages[0]
    pages.append(await store.seasons.list(SeasonsQuery(CONTEST, 3, pages[0].next_before)))
    assert pages[1]

    seasons = [season for page in pages if page for season in page.seasons]
    assert [season.number for season in seasons] == [5, 4, 3, 2, 1]
    assert [page and page.next_before for page in pages] == [3, 0]
    assert [season.total_users for season in seasons] == [2, 6, 6, 6, 6]
    assert seasons[0].position == await store.position(CONTEST)
    assert seasons[0].ended_at_ms is None
    for later, earlier in itertools.pairwise(seasons):
        assert earlier.ended_at_ms == later.started_at_ms
        assert earlier.position.season == earlier.number
    contest = await store.contests.read(CONTEST)
    assert contest
    assert contest.created_at_s
    assert seasons[-1].started_at_ms == 1_000 * contest.created_at_s
    assert await store.seasons.list(SeasonsQuery(CONTEST, 3, 1)) == SeasonsPage([], 0)
    assert await store.seasons.list(SeasonsQuery("absent", 3)) is None


@pytest.mark.parametrize("rules", RULES)
async def test_user_is_erased_from_kept_seasons(
    new_store: NewStore, any_redis: Redis, rules: Rules
) -> None:
    """No key names it, its row is gone, and only seasons that held it take a revision."""
    store = await seasons_of(new_store, 1, rules)
    await commit(store, add("bo"), add("cy"))
    await end_season(store, CONTEST)
    await commit(store, add("ada", 1, request_id="r1", display_name="ADA"), add("bo"))
    await store.moderation.hide(CONTEST, ("ada",))
    await end_season(store, CONTEST)
    positions = await positions_of(store)
    unchanged = await everything(store, CONTEST, 2)
    forgotten: list[str] = []
    store.seasons.observers.append(forgotten.append)

    erased = await store.seasons.erase(CONTEST, "ada", (0, 1, 2, 3, 4))
    await store.moderation.erase(CONTEST, "ada")  # it is hidden

    assert erased == ErasedSeasons(kept=3, holders=2)
    assert forgotten == [CONTEST]
    assert not any("ada" in text or "ADA" in text for text in await texts(any_redis))
    after = await positions_of(store)
    assert after == {
        1: Position(positions[1].epoch, positions[1].revision + 1),
        2: positions[2],
        3: Position(positions[3].epoch, positions[3].revision + 1),
    }
    page = await store.seasons.top(CONTEST, 1, 1, 10)
    assert page
    assert ("ada" not in [user.user_id for user in page.users], page.total_users) == (True, 5)
    shared = rules.rank_style is not RankStyle.ORDINAL
    assert [user.rank for user in page.users] == ([1] * 5 if shared else [1, 2, 3, 4, 5])
    assert await everything(store, CONTEST, 2) == unchanged
    assert await store.seasons.erase(CONTEST, "ada", (1, 2, 3)) == ErasedSeasons(3, 0)
    assert await positions_of(store) == after
    listed = await store.seasons.list(SeasonsQuery(CONTEST, 10))
    assert listed
    assert [season.total_users for season in listed.seasons] == [0, 1, 2, 5]


async def test_last_reply_to_a_server_is_forgotten(new_store: NewStore, any_redis: Redis) -> None:
    """It may have the name of a user that has written nothing since a season before."""
    store = new_store()
    await commit(store, add("joy", 1, request_id="r1", display_name="ADA"))
    await end_season(store, CONTEST)
    assert any("ADA" in text for text in await texts(any_redis))

    await store.seasons.erase(CONTEST, "joy", (1,))

    assert not any("joy" in text or "ADA" in text for text in await texts(any_redis))
    (again,) = await commit(store, add("joy", 1, request_id="r1", display_name="ADA"))
    assert (again.replayed, again.user.display_name) == (True, "")


async def test_distinct_scores_of_a_kept_season_after_an_erasure(
    new_store: NewStore, any_redis: Redis
) -> None:
    """A score that only the erased user had is not among them any more; others keep their count."""
    store = new_store()
    rules = Rules(rank_style=RankStyle.DENSE)
    await store.contests.create(CONTEST, ContestSettings(rules=rules))
    await commit(store, add("ada", 3), add("bo", 2), add("cy", 2), add("di", 1))
    await end_season(store, CONTEST)

    for user_id in ("ada", "bo"):
        await store.seasons.erase(CONTEST, user_id, (1,))

    _, _, scores, counts, _ = keys.of_seasons(CONTEST, (1,))
    assert await any_redis.zrange(scores, 0, -1) == [b"1", b"2"]
    assert await any_redis.hgetall(counts) == {b"1": b"1", b"2": b"1"}
    page = await store.seasons.top(CONTEST, 1, 1, 10)
    assert page
    assert [(user.user_id, user.rank) for user in page.users] == [("cy", 1), ("di", 2)]


async def positions_of(store: Store) -> dict[int, Position]:
    """Return the position of each kept season."""
    page = await store.seasons.list(SeasonsQuery(CONTEST, 100))
    assert page
    return {season.number: season.position for season in page.seasons if season.ended_at_ms}
