"""Unary calls of a real client."""

import asyncio

import grpc
import pytest

from front.listeners import (
    ECHO,
    FAIL,
    HANG,
    SERVICE,
    serve,
    status_of,
    until,
    until_admitted,
)
from leaderboard_front import Handlers, Listener, Settings


async def refusal(call: object) -> grpc.aio.AioRpcError:
    """Await a call that must be refused."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call  # type: ignore[misc]
    return caught.value


@pytest.mark.parametrize("size", [0, 1, 100, 16_384, 70_000, 2**20])
async def test_the_response_is_the_result_of_the_handler(size: int) -> None:
    """Messages of every size arrive unchanged, in both directions."""
    async with serve() as served:
        message = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
        assert await served.unary(ECHO)(message) == message


async def test_many_calls_at_once() -> None:
    """Concurrent calls each get their own response."""
    async with serve() as served:
        echo = served.unary(ECHO)
        messages = [str(number).encode() for number in range(2_000)]
        assert await asyncio.gather(*map(echo, messages)) == messages
        assert served.service.calls == 2_000


async def test_an_error_becomes_its_status() -> None:
    """Code, details and a message with any characters arrive."""
    async with serve() as served:
        error = await refusal(served.unary(FAIL)("100 % für dich\n".encode()))
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert error.details() == "ValueError: 100 % für dich\n"
        trailers = dict(error.trailing_metadata() or ())
        assert trailers["grpc-status-details-bin"] == b"\x08\x03details\xff"


async def test_an_unknown_method_is_unimplemented() -> None:
    """Calls of unknown methods never reach Python."""
    async with serve() as served:
        error = await refusal(served.unary(SERVICE + "Nothing")(b""))
        assert error.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
async def test_requests_may_be_compressed(compression: grpc.Compression) -> None:
    """A compressed request reaches the handler decompressed."""
    async with serve() as served:
        message = b"compressed " * 1_000
        assert await served.unary(ECHO)(message, compression=compression) == message


async def test_the_deadline_ends_a_call_and_its_handler() -> None:
    """A call that takes too long is over for the caller and for the handler."""
    async with serve(max_calls=1) as served:
        error = await refusal(served.unary(HANG)(b"", timeout=0.2))
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        async with asyncio.timeout(10):
            await served.service.cancelled.wait()
        await until_admitted(lambda: served.unary(ECHO)(b""))


async def test_a_cancelled_call_stops_its_handler() -> None:
    """The handler of a call is cancelled when the caller cancels it."""
    async with serve() as served:
        call = served.unary(HANG)(b"")
        waiting = asyncio.ensure_future(call)
        await asyncio.wait_for(served.service.started.wait(), 10)
        call.cancel()
        async with asyncio.timeout(10):
            await served.service.cancelled.wait()
        with pytest.raises(asyncio.CancelledError):
            await waiting


async def test_cancelling_many_leaves_nothing_behind() -> None:
    """Every hundred cancelled calls free their slots for the next hundred."""
    async with serve(max_calls=110) as served:
        hang = served.unary(HANG)
        for round_ in range(1, 11):
            calls = [hang(b"") for _ in range(100)]
            await until(lambda so_far=round_ * 100: served.service.calls == so_far)
            for call in calls:
                call.cancel()
            await until(lambda: not served.service.running)
        assert await served.unary(ECHO)(b"alive") == b"alive"


async def test_an_address_in_use_is_an_os_error() -> None:
    """A second listener on the same port fails with the address in the text."""
    async with serve() as served:
        with pytest.raises(OSError, match=served.address):
            await start(served.address)


async def start(address: str) -> None:
    """Start a listener on an invalid address."""
    listener = Listener(Settings(address=address, refusals={}), status_of)
    await listener.start(Handlers())


async def test_a_port_is_shared_only_on_demand() -> None:
    """Two listeners share a port if both have the setting."""
    async with (
        serve(reuse_port=True) as first,
        serve(reuse_port=True, address=first.address) as second,
    ):
        assert first.port == second.port


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1", "127.0.0.1:99999", "256.0.0.1:80"])
async def test_a_wrong_address_is_an_os_error(address: str) -> None:
    """An invalid address fails the start."""
    with pytest.raises(OSError, match="can't listen on"):
        await start(address)
