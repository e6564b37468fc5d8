"""Answers of two servers in the minute after an erasure: nothing in them is of the user."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from contests.erased_answers import (
    ALL,
    SCOPES,
    TEXTS,
    USERS,
    Reader,
    assert_nothing_of_it,
    watch_request,
)
from contests.erased_user import ERASED, RULES, erase, fill, moderate
from contests.two_servers import everything, two_servers
from harness.calls import add, top
from harness.cluster_store import Store
from harness.service import ServiceProcess
from leaderboard.v1 import leaderboard_pb2 as pb

LASTS_S = 60.0


class OpenWatch:
    """A watch that is open from before the erasure to the end of the test."""

    def __init__(self, server: ServiceProcess, request: pb.WatchContestRequest) -> None:
        self.contest_id = request.contest_id
        self.messages: list[pb.WatchContestResponse] = []
        self._stream = server.stub.WatchContest(request)

    @contextlib.asynccontextmanager
    async def receiving(self) -> AsyncIterator[None]:
        """Receive messages within a block, which begins after the first one."""
        self.messages.append(await self._stream.read())
        task = asyncio.create_task(self._receive())
        try:
            yield
        finally:
            assert not task.done(), "the watch ended"
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def assert_nothing_of_it(self, erased_at: pb.Position) -> None:
        """Check all messages since the erasure, of which one may have the removal."""
        removals = 0
        for message in self.messages:
            assert message.position.epoch == erased_at.epoch
            if message.position.revision < erased_at.revision:
                continue
            kept = [change for change in message.changes.changes if change.user.user_id != ERASED]
            for change in message.changes.changes:
                if change.user.user_id == ERASED:
                    assert (change.removed, change.user.score) == (True, 0)
                    removals += 1
            del message.changes.changes[:]
            message.changes.changes.extend(kept)
            assert_nothing_of_it(message)
        assert removals <= 1

    async def _receive(self) -> None:
        while (message := await self._stream.read()) is not grpc.aio.EOF:
            self.messages.append(message)


async def write_until(end: float, servers: list[ServiceProcess]) -> None:
    """Write to all contests, which were quiet for half of the time; check the answers."""
    await asyncio.sleep((end - time.monotonic()) / 2)
    for number, contest_id in enumerate(itertools.cycle(ALL)):
        user_id = USERS[number % len(USERS)]
        assert_nothing_of_it(await add(servers[number % 2].stub, contest_id, user_id, number % 5))
        if time.monotonic() > end:
            return


def requests() -> Iterator[pb.WatchContestRequest]:
    """Yield requests for watches of all contests, with every scope and in pauses."""
    for contest_id in RULES:
        for scope in SCOPES:
            yield watch_request(contest_id, scope)
        paused = watch_request(contest_id, pb.WATCH_SCOPE_TOP)
        paused.min_interval.CopyFrom(Duration(seconds=2))
        yield paused


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("on_each_listener")
async def test_no_server_answers_with_an_erased_user(each_store: Store, tmp_path: Path) -> None:
    """No read, write or watch of either server, for a minute; each resume gets HISTORY_TRIMMED."""
    async with (
        two_servers(each_store, tmp_path) as servers,
        each_store.client() as redis,
        contextlib.AsyncExitStack() as stack,
    ):
        await fill(servers)
        watches = [OpenWatch(server, request) for server in servers for request in requests()]
        for watch in watches:
            await stack.enter_async_context(watch.receiving())
        await moderate(servers[1])
        readers = [Reader(server) for server in servers]
        before = {
            contest_id: (await top(servers[0].stub, contest_id)).position for contest_id in RULES
        }
        for reader in readers:
            await reader.warm()

        assert await erase(servers[0]) == len(RULES)

        erased_at = {}
        for contest_id in RULES:
            erased_at[contest_id] = (await top(servers[0].stub, contest_id)).position
            await top(servers[1].stub, contest_id, min_position=erased_at[contest_id])
        end = time.monotonic() + LASTS_S
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(write_until(end, servers))
            for reader in readers:
                tasks.create_task(reader.check_until(end, before, erased_at))
        for watch in watches:
            watch.assert_nothing_of_it(erased_at[watch.contest_id])
        async for key, held in everything(redis):
            for text in TEXTS:
                assert not any(text in each for each in (key, *held)), f"{key} holds {text}"
        messages = sum(len(watch.messages) for watch in watches)
        print(f"{[reader.answers for reader in readers]} answers, {messages} messages", end=" ")  # noqa: T201
