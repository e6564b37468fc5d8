"""The spans of a server in this process, beside those of its callers, on each listener."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from google.rpc.code_pb2 import Code
from opentelemetry.trace import SpanContext, SpanKind, StatusCode, TraceFlags

from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard_client import (
    DeadlineExceeded,
    LeaderboardError,
    NotFound,
    ScoreUpdate,
    Unavailable,
)
from leaderboard_server.tracing import calls
from tracing.traced_server import (
    SERVICE,
    TracedServer,
    is_call,
    linked,
    parent_id,
    remote_parent,
    span_id,
    trace_id,
    traced_server,
)

UPDATE = f"{SERVICE}/UpdateScore"


@pytest_asyncio.fixture(name="server")
async def _server(listener: str, own_store: StoreProcess) -> AsyncIterator[TracedServer]:
    async with traced_server(listener, own_store) as server:
        await server.client.update_score("warm", "ada", 1)
        yield server


async def _update_as(server: TracedServer, caller: str) -> None:
    with server.caller(caller):
        await server.client.update_score("cup", caller, 1)


async def test_two_callers_share_a_commit(server: TracedServer, own_store: StoreProcess) -> None:
    """A call through client, server, commit and store is one trace; the other caller is linked."""
    spans = server.spans
    own_store.freeze()
    async with asyncio.TaskGroup() as updates:
        for number, caller in enumerate(("ada", "bob", "eve"), 2):
            updates.create_task(_update_as(server, caller))
            await spans.started(UPDATE, number)
        own_store.thaw()

    await eventually(lambda: len(spans.named(UPDATE)) == 4, "all calls")
    bob, eve = (
        next(each for each in spans.named(UPDATE) if parent_id(each) == span_id(caller))
        for caller in (await spans.one("bob"), await spans.one("eve"))
    )
    commit = next(each for each in spans.named("commit") if len(each.links) == 2)
    script = next(each for each in spans.ended if parent_id(each) == span_id(commit))

    assert parent_id(commit) == span_id(bob)
    assert linked(commit) == [span_id(bob), span_id(eve)]
    assert linked(bob) == linked(eve) == [span_id(commit)]
    assert {trace_id(span) for span in (bob, commit, script)} == {trace_id(await spans.one("bob"))}
    assert trace_id(eve) == trace_id(await spans.one("eve")) != trace_id(bob)


async def test_the_spans_of_an_update(server: TracedServer) -> None:
    """Kinds, names and attributes are those of the conventions; no span names the user."""
    await _update_as(server, "zoe")

    spans = server.spans
    call = spans.named(UPDATE)[-1]
    commit, script = spans.named("commit")[-1], spans.named("EVALSHA commit")[-1]
    assert call.kind is SpanKind.SERVER
    assert dict(call.attributes or {}) == {
        "rpc.system": "grpc",
        "rpc.service": SERVICE,
        "rpc.method": "UpdateScore",
        "rpc.grpc.status_code": Code.OK,
        "leaderboard.contest_id": "cup",
    }
    assert commit.kind is SpanKind.INTERNAL
    assert dict(commit.attributes or {}) == {
        "leaderboard.contest_id": "cup",
        "leaderboard.batch_size": 1,
    }
    assert script.kind is SpanKind.CLIENT
    assert dict(script.attributes or {}) == {
        "db.system.name": "redis",
        "db.operation.name": "EVALSHA",
        "db.stored_procedure.name": "commit",
    }
    assert parent_id(script) == span_id(commit)
    assert "zoe" not in "".join(span.to_json() for span in (call, commit, script))


async def test_the_first_commit_of_a_contest(server: TracedServer) -> None:
    """A script that prepares the commit, and one whose source has to be sent, are in it too."""
    commit = server.spans.named("commit")[0]
    assert set(server.spans.children(commit)) == {
        "EVALSHA register_contest",
        "EVAL register_contest",
        "EVALSHA commit",
        "EVAL commit",
    }
    assert all(span.status.status_code is StatusCode.UNSET for span in server.spans.ended)


async def test_calls_of_other_methods(server: TracedServer) -> None:
    """Each call has a span, with what it needs of the store below it."""
    client, spans = server.client, server.spans
    await client.batch_update_scores([ScoreUpdate("cup", "ada", 1), ScoreUpdate("race", "ada", 1)])
    await client.get_user_rank("cup", "ada")
    await client.get_user_rank("cup", "ada", around=50)
    await client.batch_get_user_ranks("cup", ["ada"])
    await client.get_top_users("cup", limit=5, start_rank=2_000)
    await client.get_contest("cup")
    watch = client.watch("cup")
    await anext(watch)
    await anext(watch)
    await watch.aclose()

    async def children(method: str, number: int = 0) -> list[str]:
        await eventually(lambda: len(spans.named(method)) > number, method)
        return spans.children(spans.named(method)[number])

    assert await children(f"{SERVICE}/BatchUpdateScores") == ["commit", "commit"]
    assert await children(f"{SERVICE}/GetUserRank") == ["read_ranks"]
    assert (await children(f"{SERVICE}/GetUserRank", 1))[-1] == "EVALSHA ranks"
    assert await children(f"{SERVICE}/BatchGetUserRanks") == ["read_ranks"]
    assert (await children(f"{SERVICE}/GetTopUsers"))[-1] in {"EVALSHA top", "EVAL top"}
    assert await children("leaderboard.v1.ContestService/GetContest")
    assert await children(f"{SERVICE}/WatchContest") == []
    contests = [(span.attributes or {}).get("leaderboard.contest_id") for span in spans.ended]
    assert {"cup", "race"} <= set(contests)


async def test_a_refused_call(server: TracedServer) -> None:
    """What the service refuses is no failure of it; the code says what happened."""
    with pytest.raises(NotFound):
        await server.client.get_user_rank("warm", "nobody")

    call = await server.spans.one(f"{SERVICE}/GetUserRank")
    assert (call.attributes or {})["rpc.grpc.status_code"] == Code.NOT_FOUND
    assert call.status.status_code is StatusCode.UNSET
    assert "nobody" not in call.to_json()


async def test_the_store_is_away(server: TracedServer, own_store: StoreProcess) -> None:
    """The spans of the call, of the commit and of the script have the status ERROR."""
    await own_store.kill()
    with pytest.raises((Unavailable, DeadlineExceeded)), server.caller("ada"):
        await server.client.update_score("warm", "ada", 1, timeout=1.0)

    failed = [span for span in server.spans.ended if span.status.status_code is StatusCode.ERROR]
    (first, *_) = [span for span in failed if span.name == UPDATE]
    assert {"commit"} <= {span.name for span in failed}
    assert (first.attributes or {})["rpc.grpc.status_code"] == Code.UNAVAILABLE
    assert (first.attributes or {})["error.type"] == "UNAVAILABLE"


async def test_a_cancelled_call(
    server: TracedServer, own_store: StoreProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call whose caller gave up has a span with the code CANCELLED."""
    monkeypatch.setattr(calls, "SWEEP_S", 0.02)
    own_store.freeze()
    try:
        with pytest.raises(LeaderboardError):
            await server.client.get_user_rank("warm", "ada", timeout=0.2)
        call = await server.spans.one(f"{SERVICE}/GetUserRank")
    finally:
        own_store.thaw()
    assert (call.attributes or {})["rpc.grpc.status_code"] == Code.CANCELLED


async def test_a_caller_whose_trace_is_not_sampled(server: TracedServer) -> None:
    """Nothing is recorded of the call, nor of a commit of such calls alone."""
    began = time.time_ns()
    with remote_parent(SpanContext(1, 2, is_remote=True, trace_flags=TraceFlags(0))):
        await server.client.update_score("warm", "ada", 1)
        await server.client.get_user_rank("warm", "ada")

    assert [each.name for each in server.spans.ended if (each.start_time or 0) >= began] == []


@pytest.mark.parametrize("text", ["", "00-0-0-01", "zz", "00-" + "0" * 32 + "-" + "1" * 16 + "-01"])
async def test_a_malformed_trace_context(
    server: TracedServer, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """It is ignored: the call is served, and begins a trace of its own."""
    from leaderboard_client import caller  # noqa: PLC0415 - patched here

    monkeypatch.setattr(caller, "call_metadata", lambda _: (("traceparent", text),))
    await server.client.update_score("warm", "ada", 1)

    call = [span for span in server.spans.ended if is_call(span)][-1]
    assert call.parent is None
