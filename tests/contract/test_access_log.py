"""The access log of a server: one line for each call that ended."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, MutableMapping
from typing import Any, NamedTuple

import grpc
import pytest
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from pydantic import SecretStr
from structlog.testing import capture_logs

from contract.edge import ON_ONE_STORE, UnaryCall
from harness.calls import DEADLINE_S, add, top
from harness.service import CHANNEL_OPTIONS
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.contests_pb2 import DeleteContestRequest
from leaderboard.v1.contests_pb2_grpc import ContestServiceStub
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from leaderboard_server.app import running
from leaderboard_server.config import Config
from leaderboard_server.tracing.wiring import Untraced

pytestmark = ON_ONE_STORE

SERVICE, CONTESTS = "leaderboard.v1.LeaderboardService", "leaderboard.v1.ContestService"
CHECK = ("grpc.health.v1.Health/Check", "OK")
UPDATE, WATCH = f"{SERVICE}/UpdateScore", f"{SERVICE}/WatchContest"


class Server(NamedTuple):
    """A running server, and its log."""

    channel: grpc.aio.Channel
    log: list[MutableMapping[str, Any]]

    @property
    def stub(self) -> LeaderboardServiceStub:
        """The calls of the service."""
        return LeaderboardServiceStub(self.channel)

    def calls(self) -> list[MutableMapping[str, Any]]:
        """Return the lines of calls."""
        return [entry for entry in self.log if entry["event"] == "call"]

    def ended(self) -> Counter[tuple[str, str]]:
        """Return the calls in the log, by method and code."""
        return Counter((entry["method"], entry["code"]) for entry in self.calls())

    async def until_logged(self, method: str, code: str) -> None:
        """Wait for the line of a call."""
        await eventually(lambda: (method, code) in self.ended(), f"{method} with {code}")


@contextlib.asynccontextmanager
async def serving(
    listener: str, store: StoreProcess, access_log: str, **limits: int
) -> AsyncIterator[Server]:
    """Run a server with this access log in the test's own process."""
    structlog.reset_defaults()
    settings: dict[str, Any] = {"listener": listener, "access_log": access_log, **limits}
    config = Config(address="127.0.0.1:0", redis_url=SecretStr(store.url), **settings)
    with capture_logs() as log:
        async with (
            running(config, Untraced()) as server,
            grpc.aio.insecure_channel(server.address, options=CHANNEL_OPTIONS) as channel,
        ):
            yield Server(channel, log)


async def make_calls(server: Server, contest_id: str) -> Counter[tuple[str, str]]:
    """Make calls of each kind that end in each way; return them by method and code."""
    stub = server.stub
    await add(stub, contest_id, "ada", 5)
    await top(stub, contest_id)
    await top(stub, contest_id)  # on the front this one is answered from its cache
    await stub.BatchUpdateScores(
        pb.BatchUpdateScoresRequest(
            updates=[
                pb.UpdateScoreRequest(contest_id=contest_id, user_id=user_id, points=1)
                for user_id in ("ada", "")
            ]
        ),
        timeout=DEADLINE_S,
    )
    with pytest.raises(grpc.aio.AioRpcError):
        await add(stub, contest_id, "", 1)
    unknown: UnaryCall = server.channel.unary_unary("/a.B/Unknown")
    with pytest.raises(grpc.aio.AioRpcError):
        await unknown(b"", timeout=DEADLINE_S)
    watch = stub.WatchContest(pb.WatchContestRequest(contest_id=contest_id))
    await watch.read()
    over = stub.WatchContest(pb.WatchContestRequest(contest_id=contest_id, limit=3))
    await over.read()
    watch.cancel()
    contests = ContestServiceStub(server.channel)
    await contests.DeleteContest(DeleteContestRequest(contest_id=contest_id), timeout=DEADLINE_S)
    async with asyncio.timeout(DEADLINE_S):
        while await over.read() is not grpc.aio.EOF:
            pass
    return Counter(
        {
            (UPDATE, "OK"): 1,
            (UPDATE, "INVALID_ARGUMENT"): 1,
            (f"{SERVICE}/GetTopUsers", "OK"): 2,
            (f"{SERVICE}/BatchUpdateScores", "OK"): 1,
            (f"{CONTESTS}/DeleteContest", "OK"): 1,
            ("unknown", "UNIMPLEMENTED"): 1,
            (WATCH, "CANCELLED"): 1,
            (WATCH, "OK"): 1,
        }
    )


async def test_each_call_has_one_line(
    listener: str, shared_store: StoreProcess, contest_id: str
) -> None:
    """With `all` each call has one line when it ends, and a stream none before."""
    async with serving(listener, shared_store, "all") as server:
        watch = server.stub.WatchContest(pb.WatchContestRequest(contest_id=contest_id))
        await watch.read()
        await add(server.stub, contest_id, "ada", 5)
        await server.until_logged(UPDATE, "OK")
        assert server.ended() == Counter({(UPDATE, "OK"): 1})
        watch.cancel()
        await server.until_logged(WATCH, "CANCELLED")
        server.log.clear()

        expected = await make_calls(server, contest_id)
        await health_pb2_grpc.HealthStub(server.channel).Check(health_pb2.HealthCheckRequest())
        expected[CHECK] += 1
        await eventually(lambda: server.ended() == expected, f"the lines {expected}")

    assert server.ended() == expected
    assert all(entry["peer"].startswith("127.0.0.1:") for entry in server.calls())
    by_call = {(entry["method"], entry["code"]): entry for entry in server.calls()}
    batch = by_call[f"{SERVICE}/BatchUpdateScores", "OK"]
    assert (batch["updates"], batch["contests"]) == (2, 1)
    assert by_call[UPDATE, "INVALID_ARGUMENT"]["contest_id"] == contest_id
    assert by_call[WATCH, "CANCELLED"]["contest_id"] == contest_id
    assert by_call[WATCH, "OK"]["response_bytes"] > 0
    assert "contest_id" not in by_call["unknown", "UNIMPLEMENTED"]


@pytest.mark.parametrize("access_log", ["errors", "off"])
async def test_only_what_is_asked_for(
    listener: str, shared_store: StoreProcess, contest_id: str, access_log: str
) -> None:
    """With `errors` only calls that failed have a line, and with `off` no call."""
    async with serving(listener, shared_store, access_log) as server:
        calls = await make_calls(server, contest_id)
        failed = Counter({call: count for call, count in calls.items() if call[1] != "OK"})
        expected = failed if access_log == "errors" else Counter[tuple[str, str]]()
        await eventually(lambda: server.ended() == expected, f"the lines {expected}")

    assert server.ended() == expected


async def test_the_request_id_and_the_trace_of_a_call(
    listener: str, shared_store: StoreProcess, contest_id: str
) -> None:
    """A line has the request id and, if the caller sent a trace context, its trace id."""
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    metadata = (("traceparent", f"00-{trace_id}-b7ad6b7169203331-01"),)
    request = pb.UpdateScoreRequest(contest_id=contest_id, user_id="ada", request_id="r-1")
    async with serving(listener, shared_store, "all") as server:
        await server.stub.UpdateScore(request, metadata=metadata, timeout=DEADLINE_S)
        await server.until_logged(UPDATE, "OK")

    (entry,) = server.calls()
    assert (entry["request_id"], entry["trace_id"]) == ("r-1", trace_id)
    assert entry["request_bytes"] == request.ByteSize()
    assert 0 < entry["ms"] < DEADLINE_S * 1_000


async def test_a_call_that_is_refused(
    listener: str, shared_store: StoreProcess, contest_id: str
) -> None:
    """A call over a limit has one line with `errors`."""
    async with serving(listener, shared_store, "errors", max_watchers=1) as server:
        request = pb.WatchContestRequest(contest_id=contest_id)
        watch = server.stub.WatchContest(request)
        await watch.read()
        with pytest.raises(grpc.aio.AioRpcError):
            await server.stub.WatchContest(request).read()
        await server.until_logged(WATCH, "RESOURCE_EXHAUSTED")
        watch.cancel()

    assert server.ended()[WATCH, "RESOURCE_EXHAUSTED"] == 1
