"""Calls of batch handlers: taken as lists, and answered in any order."""

import asyncio

import grpc
import pytest

from front.listeners import BATCH, ECHO, Served, serve
from front.raw_client import connect, framed
from harness.waiting import eventually


async def _taken(served: Served, count: int) -> list[tuple[int, bytes]]:
    """Wait until the handler has a number of calls, and return them."""

    def calls() -> list[tuple[int, bytes]]:
        return [call for batch in served.service.batches for call in batch]

    await eventually(lambda: len(calls()) == count, f"{count} calls")
    return calls()


async def test_each_call_gets_its_own_answer() -> None:
    """Many calls share few lists, and each gets the answer to its number, in any order."""
    async with serve() as served:
        messages = [str(number).encode() for number in range(500)]
        batch = served.unary(BATCH)
        answers = asyncio.gather(*(batch(message) for message in messages))
        for call, request in reversed(await _taken(served, 500)):
            assert served.listener.is_open(call)
            served.listener.answer(call, b"re: " + request)

        assert await answers == [b"re: " + message for message in messages]
        assert len(served.service.batches) < 500


async def test_an_error_is_that_of_its_call() -> None:
    """A call that fails has its status, and the others have their answers."""
    async with serve() as served:
        good, bad = (asyncio.ensure_future(served.unary(BATCH)(each)) for each in (b"g", b"b"))
        for call, request in await _taken(served, 2):
            if request == b"b":
                served.listener.fail(call, ValueError("bad"))
            else:
                served.listener.answer(call, request)

        assert await good == b"g"
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await bad
        assert failed.value.details() == "ValueError: bad"


async def test_an_exception_of_the_handler_ends_its_calls() -> None:
    """Those that it has not answered have the status of the exception, and others are served."""
    async with serve() as served:
        served.service.batch_error = ValueError("a defect")
        failed, other = await asyncio.gather(
            *(served.unary(path)(b"x", timeout=10) for path in (BATCH, ECHO)),
            return_exceptions=True,
        )
        assert isinstance(failed, grpc.aio.AioRpcError)
        assert failed.details() == "ValueError: a defect"
        assert other == b"x"


async def test_a_call_that_was_cancelled_is_over() -> None:
    """It is not open any more, and answering it changes nothing."""
    async with serve() as served:
        cancelled = served.unary(BATCH)(b"x")
        ((call, _),) = await _taken(served, 1)
        cancelled.cancel()
        await eventually(lambda: not served.listener.is_open(call), "the end of the call")

        served.listener.answer(call, b"late")
        served.listener.fail(call, ValueError())
        other = asyncio.ensure_future(served.unary(BATCH)(b"y"))
        _, (call, _) = await _taken(served, 2)
        served.listener.answer(call, b"y")
        assert await other == b"y"


async def test_a_call_past_its_deadline_is_over() -> None:
    """It ends with DEADLINE_EXCEEDED, and is not open any more."""
    async with serve() as served, connect(served.port) as client:
        stream = await client.start(BATCH, ("grpc-timeout", "1S"))
        await client.data(stream, framed(b"x"))
        ((call, _),) = await _taken(served, 1)

        assert (await client.ended(stream))["grpc-status"] == "4"
        await eventually(lambda: not served.listener.is_open(call), "the end of the call")


async def test_a_call_that_is_open_when_the_listener_stops_has_the_grace() -> None:
    """It is answered within the grace."""
    async with serve() as served:
        waiting = asyncio.ensure_future(served.unary(BATCH)(b"x"))
        ((call, request),) = await _taken(served, 1)
        stopping = asyncio.ensure_future(served.stop(60))
        served.listener.answer(call, request)

        assert await waiting == b"x"
        await stopping
