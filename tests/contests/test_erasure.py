"""Erasure of a user: nothing of it is left in the store, and no server sends it any more."""

import contextlib
from functools import partial
from pathlib import Path

import pytest

from contests.two_servers import DEADLINE_S, everything, refusal, two_servers
from harness.calls import add, top
from harness.service import ServiceProcess
from harness.stores import StoreProcess
from harness.watcher import Watcher
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb

ERASED = "erased-3f81@example.com"
NAME = "Wilhelmina Erased"
ATTRIBUTE = "Ruritania"
RULES = {
    "plain": pb.ContestRules(),
    "shared": pb.ContestRules(rank_style="RANK_STYLE_COMPETITION"),
    "dense": pb.ContestRules(rank_style="RANK_STYLE_DENSE", order="ORDER_LOWEST_FIRST"),
    "hidden": pb.ContestRules(),
    "removed": pb.ContestRules(),
    "removed-while-hidden": pb.ContestRules(),
    "hidden-without-score": pb.ContestRules(),
}
"""The contests that held the user, or name it."""
OTHERS = ("other-1", "other-2")
"""Contests that never held it."""


async def fill(servers: list[ServiceProcess]) -> None:
    """Write to all contests through both servers, with and without request ids."""
    for contest_id, rules in RULES.items():
        contest = contests.Contest(contest_id=contest_id, rules=rules)
        await servers[0].contests.CreateContest(contests.CreateContestRequest(contest=contest))
    for number, contest_id in enumerate([*RULES, *OTHERS]):
        users = ["ada", ERASED, "bo"]
        if contest_id in OTHERS or contest_id == "hidden-without-score":
            users.remove(ERASED)
        for request_id in ("", "one"):
            updates = [
                pb.UpdateScoreRequest(
                    contest_id=contest_id,
                    user_id=user_id,
                    points=number,
                    request_id=request_id and f"{request_id}-{index}",
                    display_name=NAME if user_id == ERASED else "",
                    attributes={"country": ATTRIBUTE} if user_id == ERASED else {},
                )
                for index, user_id in enumerate(users)
            ]
            batch = pb.BatchUpdateScoresRequest(updates=updates)
            for server in servers:
                await server.stub.BatchUpdateScores(batch, timeout=DEADLINE_S)


async def moderate(server: ServiceProcess) -> None:
    """Hide and remove the user in the contests that are named so."""
    for contest_id in RULES:
        if "hidden" in contest_id:
            hide = contests.HideUsersRequest(contest_id=contest_id, user_ids=[ERASED])
            await server.contests.HideUsers(hide, timeout=DEADLINE_S)
        if "removed" in contest_id:
            remove = contests.RemoveUsersRequest(contest_id=contest_id, user_ids=[ERASED])
            await server.contests.RemoveUsers(remove, timeout=DEADLINE_S)
        if contest_id == "hidden":
            await add(server.stub, contest_id, ERASED, 7)


async def erase(server: ServiceProcess) -> int:
    """Erase the user, and return how many contests held it."""
    changed = 0
    request = contests.EraseUserRequest(user_id=ERASED)
    while True:
        part = await server.contests.EraseUser(request, timeout=DEADLINE_S)
        changed += int(part.contests_changed)
        if not part.next_page_token:
            return changed
        request.page_token = part.next_page_token


async def names_erased(server: ServiceProcess, contest_id: str) -> bool:
    """Return whether any answer of a server has something of the user."""
    board = await top(server.stub, contest_id)
    hidden = contests.ListHiddenUsersRequest(contest_id=contest_id)
    users = await server.contests.ListHiddenUsers(hidden, timeout=DEADLINE_S)
    rank = pb.GetUserRankRequest(contest_id=contest_id, user_id=ERASED)
    found = await refusal(server.stub.GetUserRank(rank, timeout=DEADLINE_S))
    answers = f"{board} {users}"
    return found != "USER_NOT_FOUND" or any(text in answers for text in (ERASED, NAME, ATTRIBUTE))


def is_known(watch: Watcher) -> bool:
    """Return whether a watcher has a board."""
    return watch.checker.known


async def test_nothing_is_left_of_an_erased_user(own_store: StoreProcess, tmp_path: Path) -> None:
    """No key of the store has its id, name or attributes; resumes get HISTORY_TRIMMED."""
    async with (
        two_servers(own_store, tmp_path) as servers,
        own_store.client() as redis,
        contextlib.AsyncExitStack() as stack,
    ):
        await fill(servers)
        watches = {}
        for contest_id in RULES:
            for server in servers:
                watch = Watcher(contest_id, scope=pb.WATCH_SCOPE_ALL, limit=100, hidden_users=True)
                watches[contest_id, server] = await stack.enter_async_context(watch)
                await watch.open(server.stub)
        before = {key: watch.checker.position for key, watch in watches.items()}
        await moderate(servers[1])

        assert await erase(servers[0]) == len(RULES)

        for key, held in [pair async for pair in everything(redis)]:
            for text in (ERASED, NAME, ATTRIBUTE):
                assert not any(text in each for each in (key, *held)), f"{key} holds {text}"
        for (contest_id, server), watch in watches.items():
            board = await top(server.stub, contest_id)
            await watch.reach(board.position)
            watch.checker.assert_equals(board)
            assert not await names_erased(server, contest_id)
            for resumed in servers:
                await watch.open(resumed.stub, resume_after=before[contest_id, server])
                await watch.until(partial(is_known, watch), "a snapshot")
                assert watch.checker.reasons.keys() == {"INITIAL", "HISTORY_TRIMMED"}
        assert await erase(servers[1]) == 0


@pytest.mark.parametrize("user_id", ["goal", "0", "Ada", "country"])
async def test_user_of_whom_only_the_text_is_logged(
    user_id: str, own_store: StoreProcess, tmp_path: Path
) -> None:
    """An event, a name or an attribute that reads as the id is not the user: nothing changes."""
    async with two_servers(own_store, tmp_path) as (server, _):
        update = pb.UpdateScoreRequest(
            contest_id="plain",
            user_id="ada",
            points=1,
            display_name="Ada",
            event_type="goal",
            attributes={"country": "0"},
        )
        await server.stub.UpdateScore(update, timeout=DEADLINE_S)
        await add(server.stub, "plain", "bo", 1)
        remove = contests.RemoveUsersRequest(contest_id="plain", user_ids=["bo"])
        removed = await server.contests.RemoveUsers(remove, timeout=DEADLINE_S)

        erased = await server.contests.EraseUser(contests.EraseUserRequest(user_id=user_id))

        assert erased.contests_changed == 0
        assert (await top(server.stub, "plain")).position == removed.position
