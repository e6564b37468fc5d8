"""Streams of health and reflection: limits of their own, and no place of a watch."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2

from contract.rejections import Rejection, overloaded
from harness.calls import DEADLINE_S, add
from harness.service import ServiceProcess
from harness.statuses import status_of
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb

_MAX_HEALTH_WATCHES = 1_000
_MAX_REFLECTION_STREAMS = 100
_STREAMS_OF_A_CHANNEL = 100
_OPENED_WITHIN_S = 60
"""Generous: it only limits the time of a broken test."""
_REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
_LIST = reflection_pb2.ServerReflectionRequest(list_services="").SerializeToString()

_Open = Callable[[grpc.aio.Channel], Any]
"""Opens a stream, whose first message can be read."""


def _watch_health(channel: grpc.aio.Channel) -> Any:
    return health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())


def _reflect(channel: grpc.aio.Channel) -> Any:
    """Open a stream of reflection that stays open."""

    async def requests() -> AsyncIterator[bytes]:
        yield _LIST
        await asyncio.Event().wait()

    method: Any = channel.stream_stream(_REFLECTION)
    return method(requests())


def _reflect_once(channel: grpc.aio.Channel) -> Any:
    """Send one request, all at once: the client library fails to send on a refused stream."""
    method: Any = channel.unary_stream(_REFLECTION)
    return method(_LIST)


@contextlib.asynccontextmanager
async def _opened(service: ServiceProcess, open_stream: _Open, count: int) -> AsyncIterator[Any]:
    """Open streams over several connections, and wait until each has sent a message."""
    async with contextlib.AsyncExitStack() as stack:
        streams = []
        for number in range(count):
            if number % _STREAMS_OF_A_CHANNEL == 0:
                channel = await stack.enter_async_context(service.new_channel())
            streams.append(open_stream(channel))
        async with asyncio.timeout(_OPENED_WITHIN_S):
            first = await asyncio.gather(*(stream.read() for stream in streams))
        assert grpc.aio.EOF not in first
        yield streams


@pytest.mark.parametrize(
    ("open_stream", "open_another", "limit", "count"),
    [
        pytest.param(_watch_health, _watch_health, "health", _MAX_HEALTH_WATCHES, id="health"),
        pytest.param(
            _reflect, _reflect_once, "reflection", _MAX_REFLECTION_STREAMS, id="reflection"
        ),
    ],
)
async def test_streams_over_their_limit(
    own_store: StoreProcess,
    tmp_path: Path,
    open_stream: _Open,
    open_another: _Open,
    limit: str,
    count: int,
) -> None:
    """One more is refused until another ends; watches, calls and checks of the health go on."""
    async with (
        ServiceProcess(
            tmp_path, "--max-watchers", "1", "--max-calls", "1", redis_url=own_store.url
        ) as service,
        _opened(service, open_stream, count) as streams,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as rejected:
            await open_another(service.channel).read()

        assert Rejection.of(status_of(rejected.value)) == overloaded(limit)
        assert await service.health() == "SERVING"
        await add(service.stub, "cup", "ada", 1)
        await _first_message(service)
        streams[0].cancel()
        await eventually(lambda: _succeeds(open_another(service.channel).read), "a free place")


async def test_reflection_can_be_switched_off(own_store: StoreProcess, tmp_path: Path) -> None:
    """Without reflection its methods are unknown, and all others work."""
    async with ServiceProcess(tmp_path, "--reflection", "off", redis_url=own_store.url) as service:
        with pytest.raises(grpc.aio.AioRpcError) as unknown:
            await _reflect_once(service.channel).read()

        assert unknown.value.code() == grpc.StatusCode.UNIMPLEMENTED
        await add(service.stub, "cup", "ada", 1)
        await _first_message(service)


async def _first_message(service: ServiceProcess) -> None:
    request = pb.WatchContestRequest(contest_id="cup")
    watch = service.stub.WatchContest(request, timeout=DEADLINE_S)
    assert (await watch.read()).HasField("snapshot")
    watch.cancel()


async def _succeeds(read: Callable[[], Awaitable[Any]]) -> bool:
    try:
        await read()
    except grpc.aio.AioRpcError:
        return False
    return True
