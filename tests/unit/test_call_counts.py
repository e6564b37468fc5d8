"""Counts of calls on each listener: each call counts once, at its end, under its code."""

import contextlib
from collections.abc import AsyncIterator
from functools import partial

import grpc
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
    HEALTH,
    OVERLOADED,
    TALK,
    WAIT,
    Observed,
    observed,
)
from harness.waiting import eventually
from leaderboard_server.transport.choice import ListenerName
from leaderboard_server.transport.observation import LATENCY_BOUNDS_S, UNKNOWN_PATH, Observation
from leaderboard_server.transport.parsing import MAX_REQUEST_BYTES

_OK, _CANCELLED, _DEADLINE_EXCEEDED, _NOT_FOUND, _EXHAUSTED, _UNIMPLEMENTED = 0, 1, 4, 5, 8, 12
_UNAVAILABLE = 14


@contextlib.asynccontextmanager
async def _served(name: ListenerName, **limits: int) -> AsyncIterator[tuple[Observed, RawClient]]:
    async with observed(name, Observation(), **limits) as served, connect(served.port) as client:
        yield served, client


async def _start(client: RawClient, path: str, *fields: tuple[str, str]) -> int:
    """Start a call with its request."""
    stream = await client.start(path, *fields)
    await client.data(stream, framed(b"1"))
    return stream


def _has_sent(served: Observed, messages: int) -> bool:
    return served.method(FOLLOW).messages_sent == messages


async def _reset(client: RawClient, stream: int) -> None:
    client.h2.reset_stream(stream, error_code=8)
    await client.flush()


@pytest.mark.parametrize(
    ("path", "request_", "code", "counted", "messages"),
    [
        (ECHO, b"a", _OK, ECHO, 1),
        (HEALTH, b"a", _OK, HEALTH, 1),
        (FAIL, b"a", _NOT_FOUND, FAIL, 0),
        (BATCH, b"a", _OK, BATCH, 1),
        (BATCH, FAILS, _NOT_FOUND, BATCH, 0),
        (COUNT, b"5", _OK, COUNT, 5),
        (COUNT, FAILS, _NOT_FOUND, COUNT, 1),
        (TALK, b"a", _OK, TALK, 1),
        ("/a.B/Unknown", b"a", _UNIMPLEMENTED, UNKNOWN_PATH, 0),
        ("/", b"a", _UNIMPLEMENTED, UNKNOWN_PATH, 0),
    ],
)
async def test_a_call_counts_for_its_method_and_code(
    listener: ListenerName, path: str, request_: bytes, code: int, counted: str, messages: int
) -> None:
    """A call that gets a status counts once, with its messages and its time, and nothing else."""
    async with _served(listener) as (served, client):
        answer = await client.call(path, framed(request_))
        assert answer["grpc-status"] == str(code)
        await served.until_ended((counted, code))

        counts = served.listener.counts()
        sent = {it.path: it.messages_sent for it in counts.methods if it.messages_sent}
        assert sent == ({counted: messages} if messages else {})
        method = served.method(counted)
        assert sum(method.latency_buckets) == 1
        assert 0 < method.latency_sum_s < LATENCY_BOUNDS_S[-1]
        assert counts.calls_in_flight == counts.open_streams == 0
        assert served.refused() == {}


async def test_calls_over_a_limit_of_size(listener: ListenerName) -> None:
    """A call that is too large counts as refused; with too large metadata it is of no method."""
    async with _served(listener) as (served, client):
        await client.call(ECHO, framed(b""), ("x-large", "x" * 20_000))
        await served.until_ended((UNKNOWN_PATH, _EXHAUSTED))
        assert served.refused() == {"metadata": 1}

        too_large = served.unary(ECHO)(b"x" * (MAX_REQUEST_BYTES + 1))
        with contextlib.suppress(grpc.aio.AioRpcError):
            await too_large
        await served.until_ended((UNKNOWN_PATH, _EXHAUSTED), (ECHO, _EXHAUSTED))
        assert served.refused() == {"metadata": 1, "message": 1}


@pytest.mark.parametrize(
    ("limits", "path", "limit"),
    [
        ({"max_calls": 1}, WAIT, "calls"),
        ({"max_calls": 2, "max_calls_per_connection": 1}, WAIT, "connection"),
        ({"max_watchers": 1}, FOLLOW, "watches"),
    ],
)
async def test_a_call_over_a_limit_of_open_calls(
    listener: ListenerName, limits: dict[str, int], path: str, limit: str
) -> None:
    """It counts as refused by its limit, and the open one counts as open until it ends."""
    async with _served(listener, **limits) as (served, client):
        first = await _start(client, path)
        await served.until_waiting()
        assert (await client.call(path, framed(b"1")))["grpc-status"] == str(_EXHAUSTED)
        await served.until_ended((path, _EXHAUSTED))
        assert served.refused() == {limit: 1}
        counts = served.listener.counts()
        assert (counts.calls_in_flight, counts.open_streams) == (
            (0, 1) if path == FOLLOW else (1, 0)
        )

        served.methods.gate.set()
        served.listener.close_group(GROUP)
        assert (await client.ended(first))["grpc-status"] == str(_OK)
        await served.until_ended((path, _EXHAUSTED), (path, _OK))
        counts = served.listener.counts()
        assert counts.calls_in_flight == counts.open_streams == 0


async def test_a_call_over_a_limit_of_its_method(listener: ListenerName) -> None:
    """A limit that a method checks by itself, such as that of health, counts too."""
    async with _served(listener) as (served, client):
        await client.call(FAIL, framed(OVERLOADED))
        await served.until_ended((FAIL, _EXHAUSTED))
        assert served.refused() == {"health": 1}


async def test_calls_to_a_server_that_drains() -> None:
    """On grpcio they are refused, and count as such; the front sends them elsewhere."""
    async with _served("grpcio") as (served, client):
        await served.listener.drain()
        for path in (ECHO, FOLLOW, HEALTH):
            await client.call(path, framed(b"1"))
        await served.until_ended((ECHO, _UNAVAILABLE), (FOLLOW, _UNAVAILABLE), (HEALTH, _OK))
        assert served.refused() == {"stopping": 2}


@pytest.mark.parametrize("path", [WAIT, FOLLOW])
async def test_a_call_past_its_deadline(listener: ListenerName, path: str) -> None:
    """A call that is open at its deadline counts as DEADLINE_EXCEEDED."""
    async with _served(listener) as (served, client):
        await _start(client, path, ("grpc-timeout", "300m"))
        await served.until_waiting()
        await served.until_ended((path, _DEADLINE_EXCEEDED))
        assert sum(served.method(path).latency_buckets) == 1
        assert served.method(path).latency_sum_s == pytest.approx(0.3, abs=0.2)


@pytest.mark.parametrize("path", [WAIT, FOLLOW, TALK])
@pytest.mark.parametrize("end", ["reset", "disconnected"])
async def test_a_call_that_is_given_up(listener: ListenerName, path: str, end: str) -> None:
    """A call whose caller resets it or disconnects counts as CANCELLED."""
    async with observed(listener) as served:
        async with connect(served.port) as client:
            stream = await client.start(path)
            await client.data(stream, framed(b"1"), end=path != TALK)
            if path == TALK:
                await eventually(lambda: served.method(TALK).messages_sent == 1, "an answer")
            else:
                await served.until_waiting()
            if end == "reset":
                await _reset(client, stream)
                await served.until_ended((path, _CANCELLED))
        await served.until_ended((path, _CANCELLED))
        counts = served.listener.counts()
        assert counts.calls_in_flight == counts.open_streams == 0


@pytest.mark.parametrize("path", [ECHO, BATCH, COUNT])
async def test_a_call_that_is_given_up_before_its_request(
    listener: ListenerName, path: str
) -> None:
    """It counts as CANCELLED too, although no method was called."""
    async with _served(listener) as (served, client):
        stream = await client.start(path)
        await client.ping()
        await _reset(client, stream)
        await served.until_ended((path, _CANCELLED))


async def test_an_open_stream(listener: ListenerName) -> None:
    """Its messages count as they are sent, those of a group too, and the stream at its end."""
    async with _served(listener) as (served, client):
        stream = await _start(client, FOLLOW)
        await served.until_waiting()
        await eventually(lambda: served.listener.counts().open_streams == 1, "it is open")
        for sent in range(1, 4):
            await eventually(partial(_has_sent, served, sent), f"{sent} messages")
            assert served.ended() == {}
            served.listener.publish(GROUP, b"x" * 100, sent)

        await eventually(partial(_has_sent, served, 4), "4 messages")
        served.listener.close_group(GROUP)
        await client.ended(stream)
        await served.until_ended((FOLLOW, _OK))
        assert served.method(FOLLOW).messages_sent == 4


async def test_all_methods_and_limits_are_shown_before_the_first_call(
    listener: ListenerName,
) -> None:
    """Every method is listed with its kind, and every limit, so that series begin at zero."""
    async with observed(listener) as served:
        counts = served.listener.counts()
        kinds = {it.path: it.kind for it in counts.methods}
        unary = (ECHO, FAIL, WAIT, BATCH, HEALTH, UNKNOWN_PATH)
        assert kinds == (
            dict.fromkeys(unary, "unary")
            | {COUNT: "server_stream", FOLLOW: "server_stream", TALK: "bidi_stream"}
        )
        assert {it.latency_sum_s for it in counts.methods} == {0}
        assert set(counts.refusals) >= {"calls", "connection", "watches", "metadata", "stopping"}
        assert set(counts.refusals.values()) == {0}
