"""Limits of the listener on grpcio, in this process: what one connection can hold."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import grpc
import pytest

from contract.rejections import Rejection, overloaded
from front.raw_client import RawClient, connect, framed
from harness.service import CHANNEL_OPTIONS
from harness.statuses import status_of
from harness.waiting import eventually
from leaderboard_server.transport import grpcio_calls
from leaderboard_server.transport.choice import make_listener
from leaderboard_server.transport.listener import Endpoint, Limits, Services, Stream

_ECHO = "/a.B/Echo"
_WAIT = "/a.B/Wait"
_WATCH = "/a.B/Watch"
_TALK = "/a.B/Talk"
_MAX_CALLS = 3
_MAX_WATCHERS = 1_000
_MAX_CONNECTIONS = 5
_LIMITS = Limits(
    max_calls=_MAX_CALLS,
    max_calls_per_connection=2,
    max_watchers=_MAX_WATCHERS,
    write_timeout_s=0.5,
    max_connections=_MAX_CONNECTIONS,
)
_MAX_METADATA = 16 * 1024
_OVERLOADED = "8"
"""RESOURCE_EXHAUSTED, as `grpc-status` has it."""


class _Served:
    """The methods of a listener."""

    def __init__(self) -> None:
        self.port = 0
        self.answered = 0
        self.waiting = 0
        self.gate = asyncio.Event()

    async def echo(self, request: bytes) -> bytes:
        """Return the request."""
        self.answered += 1
        return request

    async def wait(self, request: bytes) -> bytes:
        """Return the request once the test sets `gate`."""
        self.waiting += 1
        await self.gate.wait()
        return request

    async def watch(self, request: bytes, stream: Stream) -> None:
        """Send the request, and stay open."""
        await stream.send(request)
        await asyncio.Event().wait()

    async def talk(self, requests: AsyncIterator[bytes], stream: Stream) -> None:
        """Send back each request."""
        async for request in requests:
            await stream.send(request)

    @contextlib.asynccontextmanager
    async def channel(self) -> AsyncIterator[grpc.aio.Channel]:
        """Open a connection."""
        target = f"127.0.0.1:{self.port}"
        async with grpc.aio.insecure_channel(target, options=CHANNEL_OPTIONS) as channel:
            yield channel


@contextlib.asynccontextmanager
async def _serving(limits: Limits = _LIMITS) -> AsyncIterator[_Served]:
    served = _Served()
    listener = make_listener("grpcio", Endpoint(address="127.0.0.1:0"), limits)
    served.port = await listener.start(
        Services(
            unary={_ECHO: served.echo, _WAIT: served.wait},
            stream={_WATCH: served.watch},
            bidi={_TALK: served.talk},
            unlimited=frozenset(),
        )
    )
    try:
        yield served
    finally:
        await listener.drain()
        await listener.stop()


async def _start(client: RawClient, message: bytes) -> int:
    stream = await client.start(_ECHO)
    await client.data(stream, framed(message))
    return stream


async def _read(client: RawClient, stream: int) -> dict[str, str]:
    """Open the window of a stream, and wait for its end."""
    client.h2.increment_flow_control_window(2**20, stream)
    await client.flush()
    return await client.ended(stream)


async def test_a_connection_that_reads_nothing() -> None:
    """Its unread answers hold no slot of others, and count as its calls until it reads them."""
    async with _serving() as served, connect(served.port, window=0) as client:
        unread = [await _start(client, b"x" * 100) for _ in range(2)]
        await eventually(lambda: served.answered == 2, "the answers")

        refused = await client.ended(await _start(client, b""))
        async with served.channel() as channel:
            echo: Any = channel.unary_unary(_ECHO)
            for _ in range(_MAX_CALLS):
                assert await echo(b"hello") == b"hello"
        ended = [await _read(client, stream) for stream in unread]
        again = await _read(client, await _start(client, b""))

    assert refused["grpc-status"] == _OVERLOADED
    assert refused["grpc-message"].endswith("limit of connection")
    assert [fields["grpc-status"] for fields in [*ended, again]] == ["0"] * 3


async def test_unread_answers_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer beyond the bound waits until another is read; after the write timeout it fails."""
    monkeypatch.setattr(grpcio_calls, "MAX_UNREAD_BYTES", 1_000)
    async with _serving() as served, connect(served.port, window=0) as client:
        first = await _start(client, b"x" * 800)
        late = await client.ended(await _start(client, b"x" * 800))
        second = await _start(client, b"x" * 800)
        await eventually(lambda: served.answered == 3, "the answers")

        ended = [await _read(client, stream) for stream in (first, second)]

    assert late["grpc-status"] == _OVERLOADED
    assert "accepted nothing" in late["grpc-message"]
    assert [fields["grpc-status"] for fields in ended] == ["0"] * 2


async def test_calls_of_a_connection_over_its_limit() -> None:
    """Calls over the limit of one connection are refused with a retry delay; others succeed."""
    async with _serving() as served, served.channel() as channel, served.channel() as other:
        call: Any = channel.unary_unary(_WAIT)
        echo: Any = channel.unary_unary(_ECHO)
        elsewhere: Any = other.unary_unary(_ECHO)
        waiting = [asyncio.ensure_future(call(b"")) for _ in range(2)]
        await eventually(lambda: served.waiting == 2, "both calls")

        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await echo(b"")
        assert Rejection.of(status_of(refused.value)) == overloaded("connection")
        assert await elsewhere(b"hello") == b"hello"
        served.gate.set()
        await asyncio.gather(*waiting)
        assert await echo(b"hello") == b"hello"


@pytest.mark.parametrize("path", [_ECHO, _WATCH, _TALK])
async def test_metadata_up_to_64_kib_has_details(path: str) -> None:
    """Metadata of 16 KiB are too large, always with the limit, and less are not."""
    async with _serving() as served, served.channel() as channel:
        call: Any = channel.unary_stream(path)

        for size in (_MAX_METADATA + 1, *[60 * 1024] * 20):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call(b"hello", metadata=(("x-large", "x" * size),)).read()
            assert Rejection.of(status_of(refused.value)) == Rejection(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                "MESSAGE_TOO_LARGE",
                {"maxBytes": str(_MAX_METADATA)},
            )
        accepted = call(b"hello", metadata=(("x-large", "x" * (_MAX_METADATA - 1_024)),))
        assert await accepted.read() == b"hello"


async def test_metadata_beyond_have_a_status_of_grpc() -> None:
    """Metadata of 100 KiB end the call with RESOURCE_EXHAUSTED, and no other of the connection."""
    async with _serving() as served, served.channel() as channel:
        echo: Any = channel.unary_unary(_ECHO)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await echo(b"", metadata=(("x-large", "x" * 100 * 1_024),))

        assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await echo(b"hello") == b"hello"


async def test_watches_of_a_channel_keep_no_call_waiting() -> None:
    """Unary calls succeed on a channel that has as many watches as the server allows."""
    # On a busy machine this many first messages take longer than half a second.
    async with (
        _serving(replace(_LIMITS, write_timeout_s=10)) as served,
        served.channel() as channel,
    ):
        watch: Any = channel.unary_stream(_WATCH)
        watches = [watch(b"hello") for _ in range(_MAX_WATCHERS)]
        assert await asyncio.gather(*(each.read() for each in watches)) == [b"hello"] * 1_000

        echo: Any = channel.unary_unary(_ECHO)
        assert await echo(b"hello", timeout=10) == b"hello"
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await watch(b"hello").read()
        assert Rejection.of(status_of(refused.value)) == overloaded("watches")
        for each in watches:
            each.cancel()


async def test_one_connection_has_a_part_of_the_streams() -> None:
    """A connection may have all its calls and a quarter of the watches open, and hardly more."""
    limits = replace(_LIMITS, max_calls_per_connection=250, max_watchers=10_000)
    async with _serving(limits) as served, connect(served.port) as client:
        await client.ended(await _start(client, b"hello"))
        assert 2_750 <= client.h2.remote_settings.max_concurrent_streams <= 3_500


async def test_connections_over_the_limit() -> None:
    """One more connection is closed at once; there is a place again when another one has ended."""
    async with _serving() as served, contextlib.AsyncExitStack() as stack:
        for _ in range(_MAX_CONNECTIONS - 1):
            await stack.enter_async_context(connect(served.port))
        async with connect(served.port):
            assert not await _can_connect(served)
        await eventually(lambda: _can_connect(served), "a place for another connection")


async def _can_connect(served: _Served) -> bool:
    try:
        async with connect(served.port):
            return True
    except ConnectionError:
        return False
