"""Methods that take calls as lists, on each listener in this process: each call has its own end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc
import pytest
import structlog

from harness.service import CHANNEL_OPTIONS
from harness.statuses import status_of
from harness.waiting import eventually
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.transport.choice import ListenerName, make_listener
from leaderboard_server.transport.listener import Endpoint, Limits, Listener, Services

_BATCH = "/a.B/Batch"
_LIMITS = Limits(max_calls=20, max_calls_per_connection=20, max_watchers=10, write_timeout_s=10)
_DEADLINE_S = 10
_FAILS = b"fail"
"""A request at which the method fails."""


class _Method:
    """A method whose calls the test answers."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, bytes]] = []

    def __call__(self, calls: Sequence[tuple[int, bytes]]) -> None:
        """See `BatchMethod`."""
        for call, request in calls:
            if request == _FAILS:
                raise ValueError("a defect")
            self.calls.append((call, request))

    async def taken(self, count: int) -> list[tuple[int, bytes]]:
        """Wait until there are so many calls, and return them."""
        await eventually(lambda: len(self.calls) == count, f"{count} calls")
        return self.calls


class _Served:
    """A listener with that method."""

    def __init__(self, listener: Listener, method: _Method, call: Any) -> None:
        self.listener = listener
        self.method = method
        self._call = call

    def start(self, request: bytes, timeout: float = _DEADLINE_S) -> "asyncio.Future[bytes]":
        """Start a call."""
        call: asyncio.Future[bytes] = asyncio.ensure_future(self._call(request, timeout=timeout))
        return call


@contextlib.asynccontextmanager
async def _served(name: ListenerName) -> AsyncIterator[_Served]:
    structlog.reset_defaults()
    method = _Method()
    listener = make_listener(name, Endpoint(address="127.0.0.1:0"), _LIMITS)
    services = Services(
        batched={_BATCH: method}, unary={}, stream={}, bidi={}, unlimited=frozenset()
    )
    port = await listener.start(services)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL_OPTIONS) as channel:
        yield _Served(listener, method, channel.unary_unary(_BATCH))
    await listener.drain()
    await listener.stop()


async def _failure(call: "asyncio.Future[bytes]") -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call
    return failed.value


async def test_each_call_has_its_own_answer(listener: ListenerName) -> None:
    """Calls are answered in any order, and one of them by an error."""
    async with _served(listener) as served:
        answers = [served.start(b"%d" % number) for number in range(10)]
        for call, request in reversed(await served.method.taken(10)):
            assert served.listener.is_open(call)
            if request == b"7":
                served.listener.fail(call, StoreUnavailable())
            else:
                served.listener.answer(call, b"re: " + request)

        failed = await _failure(answers.pop(7))
        assert status_of(failed).reason == "ERROR_REASON_STORE_UNAVAILABLE"
        assert await asyncio.gather(*answers) == [b"re: %d" % n for n in range(10) if n != 7]


async def test_an_exception_of_the_method(listener: ListenerName) -> None:
    """Calls that have no answer end with INTERNAL, and later ones are served."""
    async with _served(listener) as served:
        failed = await _failure(served.start(_FAILS))
        assert failed.code() is grpc.StatusCode.INTERNAL

        answer = served.start(b"good")
        ((call, request),) = await served.method.taken(1)
        served.listener.answer(call, request)
        assert await answer == b"good"


@pytest.mark.parametrize("end", ["cancelled", "past its deadline"])
async def test_a_call_that_is_over(listener: ListenerName, end: str) -> None:
    """It isn't open, and its answer or error changes nothing."""
    async with _served(listener) as served:
        over = served.start(b"over", timeout=0.2 if end == "past its deadline" else _DEADLINE_S)
        ((call, _),) = await served.method.taken(1)
        if end == "cancelled":
            over.cancel()
        else:
            assert (await _failure(over)).code() is grpc.StatusCode.DEADLINE_EXCEEDED
        await eventually(lambda: not served.listener.is_open(call), "the end of the call")

        served.listener.answer(call, b"late")
        served.listener.fail(call, StoreUnavailable())
        answer = served.start(b"next")
        _, (call, request) = await served.method.taken(2)
        served.listener.answer(call, request)
        assert await answer == b"next"


async def test_a_call_has_one_answer(listener: ListenerName) -> None:
    """Once answered it isn't open, and what follows changes nothing."""
    async with _served(listener) as served:
        answer, other = served.start(b"answer"), served.start(b"other")
        calls = {request: call for call, request in await served.method.taken(2)}
        served.listener.fail(calls[b"other"], StoreUnavailable())
        served.listener.answer(calls[b"answer"], b"first")
        served.listener.fail(calls[b"answer"], StoreUnavailable())
        served.listener.answer(calls[b"answer"], b"second")
        assert await answer == b"first"
        assert (await _failure(other)).code() is grpc.StatusCode.UNAVAILABLE
        await eventually(lambda: not served.listener.is_open(calls[b"answer"]), "its end")


@pytest.mark.parametrize("how", ["answer", "error"])
async def test_a_call_that_is_open_when_the_listener_stops(
    listener: ListenerName, how: str
) -> None:
    """It has the grace: what it is answered within it arrives."""
    async with _served(listener) as served:
        waiting = served.start(b"x")
        ((call, request),) = await served.method.taken(1)
        await served.listener.drain()
        stopping = asyncio.ensure_future(served.listener.stop())
        await asyncio.sleep(0)
        if how == "answer":
            served.listener.answer(call, request)
            assert await waiting == b"x"
        else:
            served.listener.fail(call, StoreUnavailable())
            reason = status_of(await _failure(waiting)).reason
            assert reason == "ERROR_REASON_STORE_UNAVAILABLE"
        await stopping
