"""Records of ended calls on each listener: one for each call that is wanted, with what it sent."""

import contextlib
from collections.abc import AsyncIterator, Sequence

import pytest

from front.raw_client import RawClient, connect, framed
from harness.observed import (
    BATCH,
    COUNT,
    ECHO,
    FAIL,
    FAILS,
    FOLLOW,
    GROUP,
    TRACE_CONTEXT,
    WAIT,
    Observed,
    observed,
)
from harness.waiting import eventually
from leaderboard_server.transport.choice import ListenerName
from leaderboard_server.transport.observation import UNKNOWN_PATH, EndedCall, Observation

_OK, _CANCELLED, _NOT_FOUND, _UNIMPLEMENTED = 0, 1, 5, 12
_TRACED = ("traceparent", TRACE_CONTEXT)


class _Records(list[EndedCall]):
    """The records that a listener reported."""

    async def all(self, count: int) -> list[EndedCall]:
        """Wait until there are so many."""
        await eventually(lambda: len(self) >= count, f"{count} records")
        return self


@contextlib.asynccontextmanager
async def _recorded(
    name: ListenerName, *, errors_only: bool = False
) -> AsyncIterator[tuple[Observed, RawClient, _Records]]:
    records = _Records()

    def report(ended: Sequence[EndedCall]) -> None:
        assert ended
        records.extend(ended)

    observation = Observation(on_ended=report, errors_only=errors_only)
    async with observed(name, observation) as served, connect(served.port) as client:
        yield served, client, records
    assert served.listener.counts().ended_calls_dropped == 0


def _peer(client: RawClient) -> str:
    host, port = client.writer.get_extra_info("sockname")
    return f"{host}:{port}"


@pytest.mark.parametrize(
    ("path", "request_", "code", "response_bytes"),
    [
        (ECHO, b"request", _OK, 7),
        (BATCH, b"request", _OK, 7),
        (BATCH, FAILS, _NOT_FOUND, 0),
        (FAIL, b"request", _NOT_FOUND, 0),
        (COUNT, b"11", _OK, 12),
        (COUNT, FAILS, _NOT_FOUND, 3),
    ],
)
async def test_a_record_has_all_of_a_call(
    listener: ListenerName, path: str, request_: bytes, code: int, response_bytes: int
) -> None:
    """Path, code, time, sizes, peer, request and trace context are those of the call."""
    async with _recorded(listener) as (_, client, records):
        await client.call(path, framed(request_), _TRACED)
        (record,) = await records.all(1)

        assert 0 < record.seconds < 10
        assert record == EndedCall(
            path=path,
            code=code,
            seconds=record.seconds,
            response_bytes=response_bytes,
            peer=_peer(client),
            request=request_,
            trace_context=TRACE_CONTEXT,
        )


async def test_a_call_of_an_unknown_method(listener: ListenerName) -> None:
    """Its record has neither its path nor its request, which a caller may choose at will."""
    async with _recorded(listener) as (_, client, records):
        await client.call("/what/ever", framed(b"request"), _TRACED)
        (record,) = await records.all(1)

        assert (record.path, record.code) == (UNKNOWN_PATH, _UNIMPLEMENTED)
        assert (record.request, record.response_bytes) == (b"", 0)
        assert (record.peer, record.trace_context) == (_peer(client), TRACE_CONTEXT)


async def test_a_stream_is_recorded_at_its_end(listener: ListenerName) -> None:
    """Its record counts the messages of its group too."""
    async with _recorded(listener) as (served, client, records):
        stream = await client.start(FOLLOW)
        await client.data(stream, framed(b"request"))
        await served.until_waiting()
        await eventually(lambda: served.method(FOLLOW).messages_sent == 1, "the first message")
        served.listener.publish(GROUP, b"x" * 100, 1)
        await eventually(lambda: served.method(FOLLOW).messages_sent == 2, "the second message")
        await client.call(ECHO, framed(b""))
        assert [record.path for record in await records.all(1)] == [ECHO]

        client.h2.reset_stream(stream, error_code=8)
        await client.flush()
        _, record = await records.all(2)
        assert (record.path, record.code, record.response_bytes) == (FOLLOW, _CANCELLED, 107)
        assert (record.request, record.trace_context) == (b"request", None)


async def test_errors_alone(listener: ListenerName) -> None:
    """If only errors are wanted there is no record of a call that succeeded."""
    async with _recorded(listener, errors_only=True) as (served, client, records):
        for path in (ECHO, BATCH, FAIL, COUNT, "/what/ever"):
            await client.call(path, framed(b"2"))
        stream = await client.start(WAIT)
        await client.data(stream, framed(b"2"))
        await served.until_waiting()
        client.h2.reset_stream(stream, error_code=8)
        await client.flush()
        await records.all(3)

        ended = [(record.path, record.code) for record in records]
        assert ended == [(FAIL, _NOT_FOUND), (UNKNOWN_PATH, _UNIMPLEMENTED), (WAIT, _CANCELLED)]


async def test_calls_that_the_stop_of_the_listener_ends(listener: ListenerName) -> None:
    """The records of the last calls are reported before the listener has stopped."""
    async with _recorded(listener) as (_, client, records):
        await client.call(ECHO, framed(b""))
    assert [record.path for record in records] == [ECHO]


async def test_many_calls_that_the_stop_of_the_listener_ends(listener: ListenerName) -> None:
    """All of them are reported, however many end at a time."""
    async with _recorded(listener) as (served, _, records):
        for _ in range(700):
            served.unary(WAIT)(b"request")
        await served.until_waiting(700)
    assert len(records) == 700
    assert {record.path for record in records} == {WAIT}
