"""Erasure of a user: nothing of it is left in the store, and no server sends it any more."""

import contextlib
from functools import partial
from pathlib import Path

import pytest

from contests.erased_user import (
    ATTRIBUTE,
    ERASED,
    NAME,
    RULES,
    erase,
    fill,
    moderate,
    names_erased,
)
from contests.two_servers import DEADLINE_S, everything, two_servers
from harness.calls import add, top
from harness.cluster_store import Store
from harness.watcher import Watcher
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb


def is_known(watch: Watcher) -> bool:
    """Return whether a watcher has a board."""
    return watch.checker.known


async def test_nothing_is_left_of_an_erased_user(own_store: Store, tmp_path: Path) -> None:
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
    user_id: str, own_store: Store, tmp_path: Path
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
