"""Known places and ranks of boards with equal scores, in both orders and all rank styles."""

from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from leaderboard_server.domain.rules import Order, RankStyle, Rules, TieBreak, UpdateMode
from leaderboard_server.storage import keys
from leaderboard_server.storage.rules_codec import encode_rules
from leaderboard_server.storage.store import Store
from storage.conftest import NewStore
from storage.contest import CONTEST, add, commit, rank

HUNDREDS = (101, 100, 100, 99)
ZEROS = (0, 0, -1)
ORDINAL, COMPETITION, DENSE = RankStyle
HIGHEST, LOWEST = Order
FIRST, LAST = TieBreak

KNOWN = [
    (HUNDREDS, HIGHEST, FIRST, "abcd", ([1, 2, 3, 4], [1, 2, 2, 4], [1, 2, 2, 3])),
    (HUNDREDS, HIGHEST, LAST, "acbd", ([1, 2, 3, 4], [1, 2, 2, 4], [1, 2, 2, 3])),
    (HUNDREDS, LOWEST, FIRST, "dbca", ([1, 2, 3, 4], [1, 2, 2, 4], [1, 2, 2, 3])),
    (HUNDREDS, LOWEST, LAST, "dcba", ([1, 2, 3, 4], [1, 2, 2, 4], [1, 2, 2, 3])),
    (ZEROS, HIGHEST, FIRST, "abc", ([1, 2, 3], [1, 1, 3], [1, 1, 2])),
    (ZEROS, HIGHEST, LAST, "bac", ([1, 2, 3], [1, 1, 3], [1, 1, 2])),
    (ZEROS, LOWEST, FIRST, "cab", ([1, 2, 3], [1, 2, 2], [1, 2, 2])),
    (ZEROS, LOWEST, LAST, "cba", ([1, 2, 3], [1, 2, 2], [1, 2, 2])),
]
"""Scores of the users a, b, c, d as they are reached, rules, the users best first, and their ranks
by each style."""


async def ruled(redis: Redis, store: Store, rules: Rules, scores: Sequence[int]) -> None:
    """Give the contest rules, and the users a, b, c, d, e their scores, one after the other."""
    if text := encode_rules(rules):
        await redis.hset(keys.meta(CONTEST), "rules", text)
    for user_id, score in zip("abcde", scores, strict=False):
        await commit(store, add(user_id, score))


async def board(store: Store, start: int = 1, count: int = 100) -> list[tuple[str, int, int]]:
    """Return user, place and rank of consecutive rows."""
    page = await store.top(CONTEST, start, count)
    return [(user.user_id, user.place, user.rank) for user in page.users]


@pytest.mark.parametrize("style", RankStyle)
@pytest.mark.parametrize(("scores", "order", "tie_break", "users", "ranks"), KNOWN)
async def test_known_scores_have_known_ranks(
    new_store: NewStore,
    any_redis: Redis,
    scores: Sequence[int],
    order: Order,
    tie_break: TieBreak,
    users: str,
    ranks: Sequence[Sequence[int]],
    style: RankStyle,
) -> None:
    """The board, each page of one row, and each user's own rank agree with the table."""
    store = new_store()
    await ruled(any_redis, store, Rules(order, tie_break, style), scores)
    shown = ranks[list(RankStyle).index(style)]
    due = list(zip(users, range(1, 5), shown, strict=False))

    assert await board(store) == due
    for row in due:
        assert await board(store, row[1], 1) == [row]
        _, standing = await rank(store, row[0])
        assert standing
        assert (standing.user.user_id, standing.user.place, standing.user.rank) == row


@pytest.mark.parametrize(
    ("style", "answers"),
    [
        (ORDINAL, [(2, 0, 2, 0), (3, 0, 3, 0), (3, 3, 3, 3)]),
        (COMPETITION, [(2, 0, 2, 0), (2, 0, 3, 0), (2, 2, 3, 3)]),
        (DENSE, [(2, 0, 2, 0), (2, 0, 3, 0), (2, 2, 3, 3)]),
    ],
)
async def test_update_answers_place_and_rank_of_its_own_step(
    new_store: NewStore, any_redis: Redis, style: RankStyle, answers: list[tuple[int, ...]]
) -> None:
    """Rank, previous rank, place and previous place are those of a user that joins a tie."""
    store = new_store()
    await ruled(any_redis, store, Rules(rank_style=style), (5,))

    results = await commit(store, add("b", 0), add("c", 0), add("c", 0, display_name="Cy"))

    given = [(r.user.rank, r.previous_rank, r.user.place, r.previous_place) for r in results]
    assert given == answers


@pytest.mark.parametrize(
    ("style", "before", "after"),
    [
        (COMPETITION, [1, 2, 2, 4, 5], [1, 2, 3, 3, 5]),
        (DENSE, [1, 2, 2, 3, 4], [1, 2, 3, 3, 4]),
    ],
)
async def test_ranks_follow_a_change_within_a_tie(
    new_store: NewStore, any_redis: Redis, style: RankStyle, before: list[int], after: list[int]
) -> None:
    """A user that leaves one tie and joins the next one moves the ranks of both."""
    store = new_store()
    await ruled(any_redis, store, Rules(rank_style=style), (9, 7, 7, 5, 1))
    assert [row[2] for row in await board(store)] == before

    (result,) = await commit(store, add("b", -2))

    assert (result.previous_rank, result.user.rank) == (2, 3)
    assert [row[0] for row in await board(store)] == list("acdbe")
    assert [row[2] for row in await board(store)] == after
    assert [row[2] for row in await board(store, 4, 2)] == after[3:]


@pytest.mark.parametrize("left", [7, 0, -3])
async def test_score_that_nobody_has_any_more_leaves_the_dense_ranks(
    new_store: NewStore, any_redis: Redis, left: int
) -> None:
    """The ranks of all users below move up by one, also where the score was 0."""
    store = new_store()
    await ruled(any_redis, store, Rules(rank_style=DENSE), (9, left, left, -5))
    assert [row[2] for row in await board(store)] == [1, 2, 2, 3]

    await commit(store, add("b", 9, mode=UpdateMode.SET), add("c", 9, mode=UpdateMode.SET))

    assert [row[2] for row in await board(store)] == [1, 1, 1, 2]
    assert await any_redis.zrange(keys.scores(CONTEST), 0, -1) == [b"-5", b"9"]
    assert await any_redis.hgetall(keys.score_counts(CONTEST)) == {b"9": b"3", b"-5": b"1"}


@pytest.mark.parametrize("style", [COMPETITION, DENSE])
async def test_percentile_counts_users_of_a_worse_rank(
    new_store: NewStore, any_redis: Redis, style: RankStyle
) -> None:
    """Users of the same rank are not below each other."""
    store = new_store()
    await ruled(any_redis, store, Rules(rank_style=style), (9, 7, 7, 5, 1))

    standings = [(await rank(store, user))[1] for user in "abcde"]

    assert [standing.percentile for standing in standings if standing] == [100, 50, 50, 25, 0]
