"""The watch of the asyncio client, for each way in which a stream can end or break."""

import contextlib
import gc
import time
import weakref
from collections.abc import Iterator

import grpc
import pytest
from google.rpc import code_pb2, status_pb2

from cli.fake_service import FakeService
from cli.refusals import STORE_AWAY, refusal
from cli.watch_messages import BOB_WINS, DRAINING, FIRST, OVER, SNAPSHOT_AGAIN
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import LeaderboardError, Position, WatchScope
from leaderboard_client.addresses import parse_addresses
from leaderboard_client.async_watch import watch_contest
from leaderboard_client.channels import open_async_channel
from leaderboard_client.retrying import retry_delay
from leaderboard_client.watch_request import watch_request
from leaderboard_client.watch_update import (
    MissedChangesError,
    StreamLostError,
    WatchState,
    WatchUpdate,
)

REQUEST = watch_request("chess", limit=10, scope=WatchScope.TOP, user_ids=(), min_interval=0.0)
FIRST_ROWS = [("ada", 5), ("bob", 3)]
LAST_ROWS = [("bob", 6), ("ada", 5), ("eve", 1)]


@pytest.fixture(name="fake")
def _fake() -> Iterator[FakeService]:
    """Give a service whose streams a test can script."""
    with FakeService() as fake:
        yield fake


async def _watched(fake: FakeService) -> list[WatchUpdate]:
    """Watch until the contest is over, with the shortest delays."""
    updates = watch_contest(
        lambda: open_async_channel(parse_addresses(fake.address)[0]),
        REQUEST,
        randomness=lambda: 0.0,
    )
    async with contextlib.aclosing(updates):
        return [update async for update in updates]


def _states(updates: list[WatchUpdate]) -> list[WatchState]:
    return [update.state for update in updates]


def _rows(update: WatchUpdate) -> list[tuple[str, int]]:
    return [(row.user_id, row.score) for row in update.rows]


def _resumed_after(fake: FakeService) -> list[pb.Position | None]:
    requests = [request for request in fake.asked if isinstance(request, pb.WatchContestRequest)]
    return [
        request.resume_after if request.HasField("resume_after") else None for request in requests
    ]


@pytest.mark.parametrize(
    "status",
    [
        None,
        refusal(code_pb2.UNAVAILABLE, "Socket closed"),
        refusal(code_pb2.UNKNOWN, "Stream removed"),
        refusal(code_pb2.INTERNAL, "RST_STREAM"),
        refusal(code_pb2.CANCELLED, "RST_STREAM"),
        refusal(code_pb2.RESOURCE_EXHAUSTED, "stalled", "ERROR_REASON_WATCHER_STALLED"),
    ],
    ids=["none", "unavailable", "unknown", "internal", "cancelled", "stalled"],
)
async def test_a_broken_stream_is_resumed(
    fake: FakeService, status: status_pb2.Status | None
) -> None:
    """After any break the next stream resumes after the last message, and the board is kept."""
    fake.streams.append([FIRST])
    fake.stream = [BOB_WINS, OVER]
    if status:
        fake.refusals.append(status)

    updates = await _watched(fake)

    connecting, live, lost, back, over = updates
    assert _states(updates) == [
        WatchState.CONNECTING,
        WatchState.LIVE,
        WatchState.RECONNECTING,
        WatchState.LIVE,
        WatchState.OVER,
    ]
    assert (connecting.rows, connecting.position) == ((), None)
    assert _rows(live) == _rows(lost) == FIRST_ROWS
    assert (lost.message, lost.position) == (None, Position.decode(FIRST.position))
    assert lost.trouble is not None
    assert lost.since >= live.since
    assert _rows(back) == _rows(over) == LAST_ROWS
    assert back.trouble is None
    assert _resumed_after(fake) == [None, FIRST.position]


async def test_a_lost_connection_is_not_held(fake: FakeService) -> None:
    """The `trouble` of an update does not keep the channel of its stream open."""
    channels: list[weakref.ref[grpc.aio.Channel]] = []

    def connect() -> grpc.aio.Channel:
        channel = open_async_channel(parse_addresses(fake.address)[0])
        channels.append(weakref.ref(channel))
        return channel

    fake.streams.append([FIRST])
    fake.stream = [BOB_WINS, OVER]
    updates = [update async for update in watch_contest(connect, REQUEST)]

    gc.collect()
    assert isinstance(updates[2].trouble, StreamLostError)
    assert [channel() for channel in channels] == [None, None]


async def test_a_watch_resumes_after_a_draining_server(fake: FakeService) -> None:
    """The `end` of a draining server is yielded like every message, and the watch resumes."""
    fake.streams.append([FIRST, DRAINING])
    fake.stream = [BOB_WINS, OVER]

    updates = await _watched(fake)

    assert [update.message for update in updates] == [None, FIRST, DRAINING, BOB_WINS, OVER]
    assert updates[2].state is WatchState.RECONNECTING
    assert str(updates[2].trouble) == "the server is shutting down"
    assert _resumed_after(fake) == [None, FIRST.position]


@pytest.mark.parametrize(
    ("previous", "revision", "rank", "epoch"),
    [(8, 9, 1, "e"), (6, 9, 1, "e"), (7, 6, 1, "e"), (7, 9, 4, "e"), (7, 9, 1, "other")],
    ids=["a gap", "a repeat", "backwards", "a rank without rows above", "another history"],
)
async def test_a_wrong_message_is_never_shown(
    fake: FakeService, previous: int, revision: int, rank: int, epoch: str
) -> None:
    """A message that does not continue the board ends its stream; a snapshot follows."""
    eve = pb.RankedUser(user_id="eve", score=4, rank=rank)
    wrong = pb.WatchContestResponse(
        position=pb.Position(epoch=epoch, revision=revision),
        previous_revision=previous,
        changes=pb.Changes(changes=[pb.ScoreChange(user=eve)]),
    )
    fake.streams.append([FIRST, wrong, OVER])
    fake.stream = [SNAPSHOT_AGAIN, OVER]

    updates = await _watched(fake)

    assert [update.message for update in updates] == [None, FIRST, None, SNAPSHOT_AGAIN, OVER]
    assert updates[2].state is WatchState.RECONNECTING
    assert isinstance(updates[2].trouble, MissedChangesError)
    assert list(map(_rows, updates[1:])) == [FIRST_ROWS, FIRST_ROWS, LAST_ROWS, LAST_ROWS]
    assert _resumed_after(fake) == [None, None]


async def test_a_stream_must_begin_with_a_snapshot(fake: FakeService) -> None:
    """Changes before the first snapshot are not shown."""
    fake.streams.append([BOB_WINS])
    fake.stream = [SNAPSHOT_AGAIN, OVER]

    updates = await _watched(fake)

    assert [update.message for update in updates] == [None, None, SNAPSHOT_AGAIN, OVER]
    assert updates[1].state is WatchState.CONNECTING


@pytest.mark.parametrize(
    "status",
    [
        refusal(code_pb2.INVALID_ARGUMENT, "malformed", "ERROR_REASON_INVALID_FIELD"),
        refusal(code_pb2.INTERNAL, "a defect", "ERROR_REASON_INTERNAL"),
        refusal(code_pb2.PERMISSION_DENIED, "not for you"),
        refusal(code_pb2.UNIMPLEMENTED, "what is that"),
    ],
    ids=["invalid", "defect", "denied", "unimplemented"],
)
async def test_a_final_error_is_raised(fake: FakeService, status: status_pb2.Status) -> None:
    """An error that would only be repeated ends the watch with its status."""
    fake.refusals.append(status)

    with pytest.raises(LeaderboardError, match=status.message) as raised:
        await _watched(fake)

    assert raised.value.code == code_pb2.Code.Name(status.code)
    assert len(fake.asked) == 1


async def test_a_watch_begins_once_the_service_is_available(fake: FakeService) -> None:
    """Before the first message each failed attempt is an update, and no stream resumes."""
    fake.streams.extend([[], []])
    fake.refusals.extend([STORE_AWAY] * 2)
    fake.stream = [SNAPSHOT_AGAIN, OVER]

    updates = await _watched(fake)

    first, *attempts, live, _ = updates
    assert _states(attempts) == [WatchState.CONNECTING] * 2
    assert [str(update.trouble) for update in attempts] == ["the store is away"] * 2
    assert {update.since for update in attempts} == {first.since}
    assert live.state is WatchState.LIVE
    assert _resumed_after(fake) == [None] * 3


async def test_the_delay_that_the_server_requests_is_kept(fake: FakeService) -> None:
    """A watch does not reconnect before the time that the server requests."""
    fake.streams.append([])
    fake.refusals.append(
        refusal(code_pb2.UNAVAILABLE, "later", "ERROR_REASON_STORE_UNAVAILABLE", retry_after=0.5)
    )
    fake.stream = [SNAPSHOT_AGAIN, OVER]

    began = time.monotonic()
    await _watched(fake)

    assert time.monotonic() - began >= 0.5


def test_delays_grow_are_spread_and_honour_the_server() -> None:
    """The least delay doubles up to 2.5 s, or is the requested one up to 5 s; chance doubles it."""
    least, most = (lambda: 0.0), (lambda: 1.0)

    assert [retry_delay(attempt, None, least) for attempt in (0, 1, 2)] == [0.1, 0.2, 0.4]
    assert [retry_delay(attempt, None, most) for attempt in (0, 1, 2)] == [0.2, 0.4, 0.8]
    assert (retry_delay(50, None, least), retry_delay(10_000, None, most)) == (2.5, 5.0)
    assert (retry_delay(0, 3.0, least), retry_delay(0, 3.0, most)) == (3.0, 6.0)
    assert retry_delay(0, 600.0, least) == 5.0
