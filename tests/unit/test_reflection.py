"""Streams of reflection, in this process."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from grpc_reflection.v1alpha import reflection_pb2

from harness.service import CHANNEL_OPTIONS
from leaderboard_server.transport import reflection as module
from leaderboard_server.transport.choice import ListenerName, make_listener
from leaderboard_server.transport.listener import Endpoint, Limits, Services
from leaderboard_server.transport.reflection import reflection

_ENDPOINT = Endpoint(address="127.0.0.1:0")
_LIMITS = Limits(max_calls=10, max_calls_per_connection=10, max_watchers=10, write_timeout_s=10)
_REQUEST = reflection_pb2.ServerReflectionRequest(list_services="").SerializeToString()


@pytest.mark.parametrize("requests", [0, 2])
async def test_an_idle_stream_is_ended(
    listener: ListenerName, monkeypatch: pytest.MonkeyPatch, requests: int
) -> None:
    """A stream without another request ends with a status, after all answers."""
    monkeypatch.setattr(module, "IDLE_S", 0.2)
    bidi = reflection("a.B")
    served = make_listener(listener, _ENDPOINT, _LIMITS)
    port = await served.start(Services(unary={}, stream={}, bidi=bidi, unlimited=frozenset(bidi)))

    async def some() -> AsyncIterator[bytes]:
        for _ in range(requests):
            yield _REQUEST
        await asyncio.Event().wait()

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL_OPTIONS) as channel:
        method: Any = channel.stream_stream(next(iter(bidi)))
        call = method(some())
        answers = [await call.read() for _ in range(requests)]
        with pytest.raises(grpc.aio.AioRpcError, match="no request for too long") as ended:
            await call.read()

    assert ended.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert grpc.aio.EOF not in answers
    await served.drain()
    await served.stop()
