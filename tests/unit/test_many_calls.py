"""Counts of thousands of calls of every kind at a time, on each listener."""

import asyncio
import contextlib
from collections import Counter
from itertools import chain
from typing import Any

from harness.observed import BATCH, COUNT, ECHO, FAIL, WAIT, observed
from leaderboard_server.transport.choice import ListenerName
from leaderboard_server.transport.observation import UNKNOWN_PATH

_OK, _CANCELLED, _NOT_FOUND, _UNIMPLEMENTED = 0, 1, 5, 12


async def test_many_calls_of_several_connections_at_a_time(listener: ListenerName) -> None:
    """The counts are exactly the calls that were made, whatever their kind and end."""
    calls = 400
    async with contextlib.AsyncExitStack() as stack:
        served = await stack.enter_async_context(observed(listener))
        connections = [served.connect() for _ in range(4)]
        channels = [await stack.enter_async_context(channel) for channel in connections]

        def start(path: str, count: int) -> list[Any]:
            methods: list[Any] = [channel.unary_unary(path) for channel in channels]
            return [methods[number % len(methods)](b"a") for number in range(count)]

        async def read(stream: Any) -> None:
            async for _ in stream:
                pass

        given_up = start(WAIT, 40)
        await served.until_waiting(40)
        counting: list[Any] = [channel.unary_stream(COUNT) for channel in channels]
        unary = [start(path, calls) for path in (ECHO, BATCH, FAIL, "/a.B/None")]
        streams = [read(counting[number % len(counting)](b"3")) for number in range(calls)]
        for call in given_up:
            call.cancel()
        await asyncio.gather(*chain.from_iterable(unary), *streams, return_exceptions=True)

        ended = {
            (ECHO, _OK): calls,
            (BATCH, _OK): calls,
            (FAIL, _NOT_FOUND): calls,
            (UNKNOWN_PATH, _UNIMPLEMENTED): calls,
            (COUNT, _OK): calls,
            (WAIT, _CANCELLED): 40,
        }
        await served.until_ended(*Counter(ended).elements())
        methods = served.listener.counts().methods
        sent = {it.path: it.messages_sent for it in methods if it.messages_sent}
        assert sent == {ECHO: calls, BATCH: calls, COUNT: 3 * calls}
        for method in methods:
            assert sum(method.latency_buckets) == sum(method.ended.values())
