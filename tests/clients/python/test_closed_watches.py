"""Ends of a watch: by its caller, with its client or its program, and idle streams."""

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from cli.fake_service import FakeService
from cli.refusals import STORE_AWAY
from cli.watch_messages import BOB_WINS, FIRST, OVER
from clients.python.any_client import CLIENTS, AnyClient, call, watched
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import (
    AsyncLeaderboardClient,
    Cancelled,
    LeaderboardClient,
    Watch,
    WatchScope,
    WatchState,
    WatchUpdate,
    watch_session,
)
from leaderboard_client.addresses import parse_addresses
from leaderboard_client.channels import open_channel
from leaderboard_client.watch_request import watch_request

REQUEST = watch_request("chess", limit=10, scope=WatchScope.TOP, user_ids=(), min_interval=0.0)


class OpenService(FakeService):
    """Sends each watch a snapshot, and keeps the stream open."""

    def __init__(self) -> None:
        super().__init__()
        self.watchers: list[grpc.ServicerContext] = []

    def WatchContest(  # noqa: N802 (the name of the contract)
        self, request: pb.WatchContestRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.WatchContestResponse]:
        """Send a snapshot, and wait until the stream is ended by the watcher."""
        self.watchers.append(context)
        yield FIRST
        while context.is_active():
            time.sleep(0.01)

    async def until_ended(self) -> None:
        """Wait until there were streams, and all of them have ended."""

        def have_ended() -> bool:
            return bool(self.watchers) and not any(w.is_active() for w in self.watchers)

        await eventually(have_ended, "the end of the stream at the service")


class ClosingInterceptor(grpc.UnaryStreamClientInterceptor):
    """Closes a watch whenever a message arrives, before the watch sees the message."""

    watch: Watch

    def intercept_unary_stream(
        self, continuation: Any, client_call_details: Any, request: Any
    ) -> Any:
        """Open the stream."""
        return _ClosingStream(continuation(client_call_details, request), self.watch)


class _ClosingStream:
    def __init__(self, stream: Any, watch: Watch) -> None:
        self.cancel = stream.cancel
        self._stream = stream
        self._watch = watch

    def __next__(self) -> Any:
        message = next(self._stream)
        self._watch.close()
        return message


@pytest.fixture(name="open_service")
def _open_service() -> Iterator[OpenService]:
    """Give a service whose streams stay open."""
    with OpenService() as service:
        yield service


async def _collect(client: AnyClient, seen: list[WatchUpdate]) -> None:
    async for update in watched(client, "chess"):
        seen.append(update)  # noqa: PERF401 (also those before an error)


def _idle_timeouts() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "leaderboard-watch"]


@pytest.mark.parametrize("kind", CLIENTS, ids=["sync", "async"])
async def test_closing_the_client_ends_its_watches(
    open_service: OpenService, kind: type[AnyClient]
) -> None:
    """When its client is closed a watch raises Cancelled, and shows no trouble before."""
    client: AnyClient = kind(open_service.address)
    seen: list[WatchUpdate] = []
    watching = asyncio.create_task(_collect(client, seen))
    await eventually(lambda: bool(open_service.watchers), "the stream")

    await call(client, "close")

    with pytest.raises(Cancelled):
        await watching
    assert {update.trouble for update in seen} == {None}
    await open_service.until_ended()


@pytest.mark.parametrize("kind", CLIENTS, ids=["sync", "async"])
async def test_closing_the_client_ends_a_pause(
    kind: type[AnyClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A watch that waits to reconnect ends with its client, not after the delay."""
    paused = threading.Event()

    def delay(*_args: object) -> float:
        paused.set()
        return 3600.0

    monkeypatch.setattr(watch_session, "retry_delay", delay)
    client: AnyClient = kind("127.0.0.1:1")
    seen: list[WatchUpdate] = []
    watching = asyncio.create_task(_collect(client, seen))
    await eventually(paused.is_set, "the pause")

    await call(client, "close")

    with pytest.raises(Cancelled):
        await asyncio.wait_for(watching, 20)
    assert len(seen) == 2


async def test_closing_the_client_ends_an_unread_watch(open_service: OpenService) -> None:
    """A watch in the middle of its iteration leaves no thread and no stream behind."""
    client = LeaderboardClient(open_service.address)
    watch = client.watch("chess")
    assert [next(watch).state, next(watch).state] == [WatchState.CONNECTING, WatchState.LIVE]

    client.close()

    await eventually(lambda: not _idle_timeouts(), "the end of the watch's thread")
    await open_service.until_ended()
    for _ in range(2):
        with pytest.raises(Cancelled):
            next(watch)


async def test_a_watch_that_ended_before_its_client_stays_ended(fake: FakeService) -> None:
    """A watch that is over, or was closed by its caller, just ends, also with a closed client."""
    fake.streams.append([FIRST, BOB_WINS, OVER])
    client = LeaderboardClient(fake.address)
    over, closed = client.watch("chess"), client.watch("chess")
    assert [update.state for update in over][-1] is WatchState.OVER
    next(closed)
    closed.close()

    client.close()

    assert list(over) == list(closed) == []


async def test_an_async_watch_can_not_begin_after_its_client(fake: FakeService) -> None:
    """An iterator that outlives its client raises Cancelled, and opens no stream."""
    client = AsyncLeaderboardClient(fake.address)
    updates = client.watch("chess")
    assert (await anext(updates)).state is WatchState.CONNECTING

    await client.close()

    with pytest.raises(Cancelled):
        await anext(updates)
    assert not fake.asked


async def test_a_watch_that_is_closed_while_it_reads_ends(open_service: OpenService) -> None:
    """A message that arrives while another thread closes the watch is not shown any more."""
    interceptor = ClosingInterceptor()

    def connect() -> grpc.Channel:
        return grpc.intercept_channel(
            open_channel(parse_addresses(open_service.address)[0]), interceptor
        )

    with Watch(connect, REQUEST) as watch:
        interceptor.watch = watch
        assert next(watch).state is WatchState.CONNECTING
        assert list(watch) == []

        await eventually(lambda: not _idle_timeouts(), "the end of the watch's thread")
        await open_service.until_ended()


async def test_a_cancellation_that_was_swallowed_is_over(open_service: OpenService) -> None:
    """In a task that suppressed a cancellation a watch still ends with its client."""
    client = AsyncLeaderboardClient(open_service.address)

    async def outlive() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await _collect(client, [])

    watching = asyncio.create_task(outlive())
    await asyncio.sleep(0)
    watching.cancel()
    await eventually(lambda: bool(open_service.watchers), "the stream")

    await client.close()

    with pytest.raises(Cancelled):
        await watching


async def test_another_thread_may_close_a_watch(open_service: OpenService) -> None:
    """Closing a watch ends its stream, and the iteration of the thread that waits for it."""
    with LeaderboardClient(open_service.address) as client:
        watch = client.watch("chess")
        assert [next(watch).state, next(watch).state] == [WatchState.CONNECTING, WatchState.LIVE]
        reader = threading.Thread(target=lambda: list(watch))
        reader.start()

        watch.close()

        await asyncio.to_thread(reader.join, 10)
        assert not reader.is_alive()
        await open_service.until_ended()
        assert not list(watch)


async def test_a_program_may_end_with_a_watch_open(open_service: OpenService) -> None:
    """A program that closes nothing ends nevertheless, and its stream with it."""
    program = f"""
from leaderboard_client import LeaderboardClient, WatchState
watch = LeaderboardClient("{open_service.address}").watch("chess")
assert [next(watch).state, next(watch).state] == [WatchState.CONNECTING, WatchState.LIVE]
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    try:
        assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        if process.returncode is None:
            process.kill()
    await open_service.until_ended()


async def test_a_watch_that_is_dropped_ends(open_service: OpenService) -> None:
    """After leaving a loop over a watch that is not referenced its stream ends."""
    with LeaderboardClient(open_service.address) as client:
        for update in client.watch("chess"):
            if update.state is WatchState.LIVE:
                break

        await open_service.until_ended()


def test_an_idle_stream_is_replaced(fake: FakeService) -> None:
    """A stream without messages is replaced; time in which the watch is not read does not count."""
    fake.held.clear()
    fake.streams.append([FIRST])
    fake.refusals.append(STORE_AWAY)
    fake.stream = [BOB_WINS]

    def connect() -> grpc.Channel:
        return open_channel(parse_addresses(fake.address)[0])

    with Watch(connect, REQUEST, idle_timeout=0.4) as watch:
        updates = [next(watch) for _ in range(4)]
        time.sleep(0.5)
        fake.streams.append([OVER])
        updates += list(watch)

    assert str(updates[2].trouble) == "the store is away"
    assert updates[3].message == BOB_WINS
    assert [str(update.trouble) for update in updates[4:]] == ["no message for 0.4 s", "None"]
