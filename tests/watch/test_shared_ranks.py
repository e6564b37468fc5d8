"""Promise 6 with shared ranks: boards of every scope, with limits that lie within ties."""

import random
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from harness.cluster_store import Store
from harness.node import Node, running_node
from harness.store_kinds import on_a_cluster_too
from harness.stores import Flavour
from harness.waiting import eventually
from harness.watched_board import RankedRow
from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.rules import Order, RankStyle, Rules, TieBreak
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.domain.watch import WatchScope
from leaderboard_server.storage import keys
from leaderboard_server.storage.rules_codec import encode_rules
from watch.node_watches import CONTEST, NodeWatch, all_watch

pytestmark = on_a_cluster_too("shared_store", *Flavour, is_slow=True)
USERS = [f"u{number}" for number in range(8)]
RULES = [
    Rules(rank_style=RankStyle.COMPETITION),
    Rules(rank_style=RankStyle.DENSE),
    Rules(Order.LOWEST_FIRST, TieBreak.LAST_REACHED, RankStyle.COMPETITION),
    Rules(Order.LOWEST_FIRST, TieBreak.LAST_REACHED, RankStyle.DENSE),
    Rules(Order.LOWEST_FIRST),
    Rules(tie_break=TieBreak.LAST_REACHED),
]


@pytest_asyncio.fixture(name="node")
async def _node(store: Store) -> AsyncIterator[Node]:
    """Yield a server on an empty store."""
    async with running_node(store.url) as node:
        yield node


def shown(users: Sequence[RankedUser | RankedRow]) -> list[tuple[str, int, int, int]]:
    """Return what a row shows: user, score, place and rank."""
    return [(user.user_id, user.score, user.place, user.rank) for user in users]


@pytest.mark.parametrize("rules", RULES)
async def test_boards_have_the_ranks_of_the_store(node: Node, store: Store, rules: Rules) -> None:
    """After each commit the board of every limit has the rows, places and ranks of the store."""
    async with store.client() as redis:
        await redis.hset(keys.meta(CONTEST), "rules", encode_rules(rules))
    chance = random.Random(1)
    tops = [NodeWatch(WatchScope.TOP, limit) for limit in range(1, 7)]
    whole = NodeWatch(WatchScope.ALL, 100)
    async with all_watch(node, [*tops, whole]):
        for _ in range(60):
            some = chance.sample(USERS, chance.randint(1, 3))
            updates = [ScoreUpdate(CONTEST, user, chance.randint(-1, 1)) for user in some]
            await node.committer.commit(CONTEST, updates)
            due = shown((await node.store.top(CONTEST, 1, 100)).users)

            def equal(due: list[tuple[str, int, int, int]] = due) -> bool:
                boards = [shown(watch.checker.ranked) for watch in tops]
                return boards == [due[:limit] for limit in range(1, 7)] and due == shown(
                    whole.checker.ranked
                )

            await eventually(equal, f"the rows of the store {due}")


async def test_row_below_the_limit_may_have_a_rank_within_it(node: Node, store: Store) -> None:
    """Of the ranks 1 2 2 2 a watch of three rows holds three, and a fourth user changes none."""
    async with store.client() as redis:
        rules = encode_rules(Rules(rank_style=RankStyle.COMPETITION))
        await redis.hset(keys.meta(CONTEST), "rules", rules)
    for user, points in (("ada", 9), ("bo", 5), ("cy", 5)):
        await node.add(CONTEST, user, points)
    watch = NodeWatch(WatchScope.TOP, 3)
    async with all_watch(node, [watch]):
        added = await node.add(CONTEST, "di", 5)
        moved = await node.add(CONTEST, "cy", 1)

        await eventually(lambda: len(watch.checker.changes) > 0, "the change of cy")

        assert (added.user.place, added.user.rank) == (4, 2)
        assert (moved.user.place, moved.user.rank) == (2, 2)
        assert [change.user.user_id for change in watch.checker.changes] == ["cy"]
        assert [row[0] for row in shown(watch.checker.ranked)] == ["ada", "cy", "bo"]
        assert [row.rank for row in watch.checker.ranked] == [1, 2, 3]
