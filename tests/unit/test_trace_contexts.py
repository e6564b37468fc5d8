"""Trace contexts of calls on each listener, as methods of every kind get them."""

import pytest

from front.raw_client import connect, framed
from harness.observed import BATCH, COUNT, ECHO, TRACE_CONTEXT, observed
from leaderboard_server.transport.choice import ListenerName
from leaderboard_server.transport.observation import Observation

_LATER_VERSION = f"cc{TRACE_CONTEXT[2:]}-what-is-to-come"
_VALID = [TRACE_CONTEXT, TRACE_CONTEXT[:-1] + "0", _LATER_VERSION]
_INVALID = [
    "none",
    TRACE_CONTEXT.upper(),
    f"{TRACE_CONTEXT}-more",
    f"{TRACE_CONTEXT}0",
    TRACE_CONTEXT[:-1],
    f"ff{TRACE_CONTEXT[2:]}",
    f"{_LATER_VERSION}{'x' * 100}",
    TRACE_CONTEXT.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32),
    TRACE_CONTEXT.replace("b7ad6b7169203331", "0" * 16),
    TRACE_CONTEXT.replace("-", "_"),
]


@pytest.mark.parametrize("path", [ECHO, BATCH, COUNT])
async def test_a_method_gets_the_trace_context_of_its_call(
    listener: ListenerName, path: str
) -> None:
    """A valid header is returned as it was sent, an invalid or missing one is none."""
    observation = Observation(trace_contexts=True)
    async with observed(listener, observation) as served, connect(served.port) as client:
        for header in (*_VALID, *_INVALID):
            await client.call(path, framed(b"1"), ("traceparent", header))
        await client.call(path, framed(b"1"))

        expected = [*_VALID, *(None for _ in _INVALID), None]
        assert served.methods.trace_contexts == expected


@pytest.mark.parametrize("path", [ECHO, BATCH, COUNT])
async def test_without_observation_there_is_none(listener: ListenerName, path: str) -> None:
    """A listener that keeps no trace contexts returns none."""
    async with observed(listener) as served, connect(served.port) as client:
        await client.call(path, framed(b"1"), ("traceparent", TRACE_CONTEXT))

        assert served.methods.trace_contexts == [None]
        assert served.listener.trace_context() is None
