"""Hidden users beside writers, on two servers: seen by nobody, and back where they belong."""

import asyncio
import contextlib
import itertools
from functools import partial
from pathlib import Path

import pytest
from redis.asyncio import Redis

from contests.two_servers import DEADLINE_S, refusal, two_servers
from harness.calls import add, top
from harness.cluster_store import Store
from harness.node import running_node
from harness.service import ServiceProcess
from harness.watcher import Watcher
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.moderation import HiddenQuery, UsersQuery
from model.board import Service
from model.messages import user_of
from model.records import Update

CONTEST = "moderated"
USERS = [f"user-{number:03}" for number in range(400)]
HIDDEN = USERS[::2]
SCOPES = (pb.WATCH_SCOPE_TOP, pb.WATCH_SCOPE_ALL, pb.WATCH_SCOPE_USERS)


class Writes:
    """Writes through both servers, which a model can repeat in the order of their revisions."""

    def __init__(self, servers: list[ServiceProcess]) -> None:
        self.by_revision: dict[int, tuple[str, int]] = {}
        self._servers = itertools.cycle(servers)

    async def write(self, user_id: str, points: int) -> None:
        """Add points; those of a hidden user have neither rank nor place."""
        answer = await add(next(self._servers).stub, CONTEST, user_id, points)
        self.by_revision[answer.position.revision] = user_id, points

    async def write_at(self, rate: int, count: int) -> None:
        """Write to all users in turn at a rate."""
        async with asyncio.TaskGroup() as writes:
            for number in range(count):
                writes.create_task(self.write(USERS[number * 7 % len(USERS)], 1 + number % 3))
                await asyncio.sleep(1 / rate)

    def model(self) -> Service:
        """Return a model that applies the same writes."""
        model = Service()
        for _, (user_id, points) in sorted(self.by_revision.items()):
            model.update(Update(contest_id=CONTEST, user_id=user_id, points=points))
        return model


async def read_boards(servers: list[ServiceProcess], seen: set[str]) -> None:
    """Read pages, ranks and rows around scores from both servers until cancelled."""
    for number in itertools.count():
        server = servers[number % 2]
        page = pb.GetTopUsersRequest(contest_id=CONTEST, limit=1_000, start_rank=1 + number % 100)
        score = pb.GetScoreRankRequest(contest_id=CONTEST, score=number % 5, around=50)
        ranks = pb.BatchGetUserRanksRequest(contest_id=CONTEST, user_ids=USERS)
        seen |= {user.user_id for user in (await server.stub.GetTopUsers(page)).users}
        seen |= {user.user_id for user in (await server.stub.GetScoreRank(score)).around}
        seen |= {user.user_id for user in (await server.stub.BatchGetUserRanks(ranks)).users}


async def logged_since(redis: Redis, revision: int) -> str:
    """Return the log entries after a revision, as one text."""
    entries = await redis.xrange(f"leaderboard:contest:{{{CONTEST}}}:log", f"({revision}-0", "+")
    assert entries
    return str(entries)


@pytest.mark.parametrize("count", [200, pytest.param(3_000, marks=pytest.mark.slow)])
async def test_hidden_users_are_not_seen(count: int, own_store: Store, tmp_path: Path) -> None:
    """In no page, log entry or watch; unhidden, each stands where the model says."""
    async with (
        two_servers(own_store, tmp_path) as servers,
        own_store.client() as redis,
        contextlib.AsyncExitStack() as stack,
    ):
        writes = Writes(servers)
        for user_id in USERS[:-20]:  # the last ones begin while they are hidden
            await writes.write(user_id, 1)
        watches = []
        for server, scope in itertools.product(servers, SCOPES):
            watched = HIDDEN if scope == pb.WATCH_SCOPE_USERS else []
            watch = Watcher(
                CONTEST,
                scope=scope,
                limit=10 if scope == pb.WATCH_SCOPE_TOP else 1_000,
                user_ids=watched,
                hidden_users=True,
            )
            watches.append(await stack.enter_async_context(watch))
            await watch.open(server.stub)
        request = contests.HideUsersRequest(contest_id=CONTEST, user_ids=HIDDEN)
        hidden = await servers[0].contests.HideUsers(request, timeout=DEADLINE_S)
        assert hidden.count == len(HIDDEN)
        for server in servers:
            await top(server.stub, CONTEST, min_position=hidden.position)
        for watch in watches:
            await watch.until(partial(shows_none, watch), "a board without them")
        changes = [len(watch.checker.changes) for watch in watches]
        seen: set[str] = set()
        reading = asyncio.create_task(read_boards(servers, seen))
        await writes.write_at(100, count)
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading

        board = await top(servers[0].stub, CONTEST)
        assert seen
        assert not seen & set(HIDDEN)
        log = await logged_since(redis, hidden.position.revision)
        assert not [user_id for user_id in HIDDEN if user_id in log]
        for watch, before in zip(watches, changes, strict=True):
            since = {change.user.user_id for change in watch.checker.changes[before:]}
            assert not since & set(HIDDEN)
            assert shows_none(watch)
        assert not {user.user_id for user in board.users} & set(HIDDEN)

        unhide = contests.UnhideUsersRequest(contest_id=CONTEST, user_ids=HIDDEN)
        unhidden = await servers[1].contests.UnhideUsers(unhide, timeout=DEADLINE_S)
        assert unhidden.count == len(HIDDEN)
        expected = board_of_model(writes)
        for server in servers:
            board = await top(server.stub, CONTEST, min_position=unhidden.position)
            assert [user_of(user) for user in board.users] == expected
        for watch in watches[:2]:
            await watch.reach(unhidden.position)
        watches[0].checker.assert_equals(await top(servers[0].stub, CONTEST, limit=10))
        watches[1].checker.assert_equals(board)


def shows_none(watch: Watcher) -> bool:
    """Return whether no hidden user is on the board of a watcher."""
    return not {row.user_id for row in watch.checker.rows} & set(HIDDEN)


def board_of_model(writes: Writes) -> list[object]:
    """Return the board as it would be if nobody had been hidden.

    The model numbers the writes alone, in their order, so that its ties fall alike.
    """
    return list(writes.model().board(CONTEST))


@pytest.mark.parametrize(
    "rules",
    [
        pb.ContestRules(order="ORDER_LOWEST_FIRST"),
        pb.ContestRules(tie_break="TIE_BREAK_LAST_REACHED"),
        pb.ContestRules(rank_style="RANK_STYLE_DENSE"),
    ],
    ids=str,
)
async def test_order_is_locked_by_scores_of_hidden_users(
    rules: pb.ContestRules, own_store: Store, tmp_path: Path
) -> None:
    """The board is empty, but their rows return to it in the order of before."""
    async with two_servers(own_store, tmp_path) as (server, other):
        await add(server.stub, CONTEST, "ada", 5)
        hide = contests.HideUsersRequest(contest_id=CONTEST, user_ids=["ada", "bo"])
        await server.contests.HideUsers(hide, timeout=DEADLINE_S)
        change = contests.UpdateContestRequest(
            contest=contests.Contest(contest_id=CONTEST, rules=rules)
        )
        change.update_mask.paths.extend(f"rules.{field.name}" for field, _ in rules.ListFields())

        assert await refusal(other.contests.UpdateContest(change)) == "RULES_LOCKED"

        remove = contests.RemoveUsersRequest(contest_id=CONTEST, user_ids=["ada"])
        await server.contests.RemoveUsers(remove, timeout=DEADLINE_S)
        await other.contests.UpdateContest(change, timeout=DEADLINE_S)


async def test_users_that_stay_hidden_are_listed_while_others_change(store: Store) -> None:
    """Between two pages many are hidden and unhidden, so that the store rearranges them."""
    users = [f"u{number}" for number in range(5_000)]
    leaving, joining = users[:1_250], [f"x{number}" for number in range(900)]
    async with running_node(store.url) as node:
        await node.add(CONTEST, "seen")
        for first in range(0, len(users), 1_000):
            some = tuple(users[first : first + 1_000])
            await node.moderation.hide(UsersQuery(CONTEST, some))
        found: list[str] = []
        query: HiddenQuery | None = HiddenQuery(CONTEST, 1_000)
        for number in itertools.count():
            assert query
            page = await node.moderation.hidden(query)
            assert len(page.users) <= query.page_size
            found += (user.user_id for user in page.users)
            if number == 2:
                await node.moderation.unhide(UsersQuery(CONTEST, tuple(leaving[:1_000])))
                await node.moderation.unhide(UsersQuery(CONTEST, tuple(leaving[1_000:])))
                await node.moderation.hide(UsersQuery(CONTEST, tuple(joining)))
            query = page.next
            if not query:
                break
    assert set(users[1_250:]) <= set(found)
