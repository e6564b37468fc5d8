"""Listeners with methods that fail, in this process."""

import contextlib
from collections.abc import AsyncIterator

import grpc
import pytest
import structlog
from structlog.testing import capture_logs

from harness.service import CHANNEL_OPTIONS
from harness.statuses import status_of
from leaderboard_server.transport.choice import ListenerName, make_listener
from leaderboard_server.transport.listener import Endpoint, Limits, Services, Stream

_ENDPOINT = Endpoint(address="127.0.0.1:0")
_LIMITS = Limits(max_calls=10, max_calls_per_connection=10, max_watchers=10, write_timeout_s=10)
_SECRET = "an internal detail"


async def _fail(_request: bytes) -> bytes:
    raise ValueError(_SECRET)


async def _fail_after_one(request: bytes, stream: Stream) -> None:
    await stream.send(request)
    raise ValueError(_SECRET)


@contextlib.asynccontextmanager
async def _served(name: ListenerName) -> AsyncIterator[grpc.aio.Channel]:
    services = Services(
        unary={"/a.B/Fail": _fail},
        stream={"/a.B/FailAfterOne": _fail_after_one},
        bidi={},
        unlimited=frozenset(),
    )
    listener = make_listener(name, _ENDPOINT, _LIMITS)
    port = await listener.start(services)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL_OPTIONS) as channel:
        yield channel
    await listener.drain()
    await listener.stop()


async def test_an_internal_error_shows_its_incident_alone(listener: ListenerName) -> None:
    """The caller gets the incident id of the log entry with the traceback, and no details."""
    structlog.reset_defaults()
    async with _served(listener) as channel:
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/a.B/Fail")
        with capture_logs() as logs, pytest.raises(grpc.aio.AioRpcError) as failed:
            await call(b"")

    status = status_of(failed.value)
    (logged,) = logs
    assert status.code == grpc.StatusCode.INTERNAL
    assert status.reason == "ERROR_REASON_INTERNAL"
    assert status.metadata == {"incident": logged["incident"]}
    assert _SECRET not in status.message
    assert repr(logged["exc_info"]) == repr(ValueError(_SECRET))
    assert logged["exc_info"].__traceback__


async def test_a_stream_ends_with_an_internal_error(listener: ListenerName) -> None:
    """Earlier messages arrive, and then the status INTERNAL."""
    async with _served(listener) as channel:
        stream: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(
            "/a.B/FailAfterOne"
        )
        call = stream(b"one")
        assert await call.read() == b"one"
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await call.read()

    assert status_of(failed.value).code == grpc.StatusCode.INTERNAL
