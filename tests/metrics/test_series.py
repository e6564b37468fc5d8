"""Series that move: a real server on a real store, and the text that a scrape gets."""

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from contract.edge import ON_ONE_STORE
from harness.calls import DEADLINE_S, add, top
from harness.stores import StoreProcess
from harness.waiting import eventually
from harness.watcher import Watcher
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.metrics.catalogue import METRICS
from leaderboard_server.storage import keys
from metrics.observed_server import ObservedServer, Scrape, observed


@pytest_asyncio.fixture(name="server")
async def _server(store: StoreProcess, listener: str) -> AsyncIterator[ObservedServer]:
    """Yield a server on an empty store that all tests share, on each listener."""
    async with observed(listener, redis_url=store.url) as server:
        yield server


async def _rank(server: ObservedServer, user_id: str) -> pb.GetUserRankResponse:
    request = pb.GetUserRankRequest(contest_id="cup", user_id=user_id)
    answer: pb.GetUserRankResponse = await server.stub.GetUserRank(request, timeout=DEADLINE_S)
    return answer


async def _moved(
    server: ObservedServer, before: Scrape, name: str, by: float, **labels: str
) -> None:
    """Wait until a series has moved by a number."""

    async def moved() -> bool:
        return await server.value(name, **labels) - before.value(name, **labels) == by

    await eventually(moved, f"{name} {labels} moves by {by}")


async def _counted(server: ObservedServer, name: str, **labels: str) -> None:
    """Wait until a series is there, with 1."""

    async def counted() -> bool:
        with contextlib.suppress(KeyError):
            return await server.value(name, **labels) == 1
        return False

    await eventually(counted, f"{name} {labels}")


async def test_every_metric_is_exposed(listener: str, tmp_path: Path) -> None:
    """A server on an embedded store has all metrics but those that are elsewhere, and no others."""
    absent = {"with `--workers` above 1", "after the first sweep"}
    if listener != "front":
        absent.add("on the front")
    async with observed(listener, data_dir=tmp_path / "data") as server:
        scrape = await server.scrape()

    assert scrape.families == {metric.name for metric in METRICS if metric.only not in absent}
    assert scrape.value("leaderboard_embedded_store_memory_bytes") > 100_000
    assert scrape.value("leaderboard_embedded_store_memory_limit_bytes") > 1_000_000
    assert scrape.value("leaderboard_embedded_store_disk_bytes") > 0
    assert scrape.value("leaderboard_embedded_store_disk_free_bytes") > 0
    assert scrape.value("leaderboard_build_info", listener=listener) == 1
    assert scrape.value("leaderboard_workers") == 1


@ON_ONE_STORE
async def test_calls_of_the_store(server: ObservedServer) -> None:
    """Script calls are timed by their names, and batches have their sizes."""
    before = await server.scrape()
    updates = [
        pb.UpdateScoreRequest(contest_id="cup", user_id=f"u{number}", points=number)
        for number in range(1, 31)
    ]
    await server.stub.BatchUpdateScores(
        pb.BatchUpdateScoresRequest(updates=updates), timeout=DEADLINE_S
    )
    await _rank(server, "u1")
    await top(server.stub, "cup")
    after = await server.scrape()

    def more(name: str, **labels: str) -> float:
        return after.value(name, **labels) - before.value(name, **labels)

    for script in ("commit", "ranks", "top"):
        assert more("leaderboard_store_call_seconds_count", script=script) == 1, script
    assert 0 < more("leaderboard_store_call_seconds_sum", script="commit") < DEADLINE_S
    assert more("leaderboard_store_batch_size_count", kind="commit") == 1
    assert more("leaderboard_store_batch_size_sum", kind="commit") == 30
    assert more("leaderboard_store_batch_size_bucket", kind="commit", le="25.0") == 0
    assert more("leaderboard_store_batch_size_bucket", kind="commit", le="50.0") == 1
    assert more("leaderboard_store_batch_size_sum", kind="rank") == 1
    assert after.value("leaderboard_store_available") == 1


@ON_ONE_STORE
async def test_boards_and_the_feed(server: ObservedServer) -> None:
    """A board is read from the store once, then from memory; its commits come by the feed."""
    before = await server.scrape()
    await add(server.stub, "cup", "ada", 1)
    await top(server.stub, "cup", limit=7)
    after = await server.scrape()
    reads = "leaderboard_board_reads_total"
    assert after.value(reads) - before.value(reads) == 1
    assert after.value("leaderboard_top_windows") == 1
    assert after.value("leaderboard_followed_contests") == 1
    assert after.value("leaderboard_log_reads_total") - before.value(
        "leaderboard_log_reads_total"
    ) in {1, 2}

    for points in range(2, 12):
        await add(server.stub, "cup", "ada", points)
    await top(server.stub, "cup", limit=7)

    await _moved(server, after, reads, 1, source="window")
    await _moved(server, after, "leaderboard_feed_messages_total", 10)
    lag = "leaderboard_feed_lag_seconds_count"
    await _moved(server, after, lag, 10, source="commit")
    heartbeats = after.value(lag, source="heartbeat")

    async def heartbeat() -> bool:
        return await server.value(lag, source="heartbeat") > heartbeats

    await eventually(heartbeat, "a heartbeat")
    assert after.value("leaderboard_feed_connected") == 1
    assert after.value("leaderboard_feed_connections_total") == 1


@ON_ONE_STORE
async def test_watchers(server: ObservedServer) -> None:
    """Open watches count by scope, their snapshots by reason, and resumes by their result."""
    await add(server.stub, "cup", "ada", 1)
    before = await server.scrape()
    scopes = {"top": pb.WATCH_SCOPE_TOP, "all": pb.WATCH_SCOPE_ALL, "users": pb.WATCH_SCOPE_USERS}
    async with contextlib.AsyncExitStack() as stack:
        for scope, number in scopes.items():
            users = ["ada"] if scope == "users" else []
            watcher = await stack.enter_async_context(Watcher("cup", scope=number, user_ids=users))
            await watcher.open(server.stub)
        open_now = await server.scrape()
        for scope in scopes:
            assert open_now.value("leaderboard_watchers", scope=scope) == 1
        assert open_now.value("leaderboard_watched_contests") == 1
        await _moved(server, before, "leaderboard_watch_snapshots_total", 3, reason="INITIAL")

        position = watcher.checker.position
        await watcher.hang_up()
        last = await add(server.stub, "cup", "ada", 1)
        await watcher.open(server.stub, resume_after=position)
        await watcher.reach(last.position)
        await _moved(server, before, "leaderboard_watch_resumes_total", 1, result="resumed")
        await watcher.hang_up()
        await server.contests.DeleteContest(
            contests_pb2.DeleteContestRequest(contest_id="cup"), timeout=DEADLINE_S
        )
        await add(server.stub, "cup", "ada", 1)
        await watcher.open(server.stub, resume_after=last.position)
        await watcher.snapshot("NEW_EPOCH")
        await _moved(server, before, "leaderboard_watch_resumes_total", 1, result="snapshot")
        await _moved(server, before, "leaderboard_watch_snapshots_total", 1, reason="NEW_EPOCH")

    async def none_open() -> bool:
        return await server.value("leaderboard_watchers") == 0

    await eventually(none_open, "the end of all watches")
    assert await server.value("leaderboard_watched_contests") == 0


@ON_ONE_STORE
async def test_calls(server: ObservedServer) -> None:
    """Calls count once, by their method and code, with their time; streams with their messages."""
    handled, seconds = "grpc_server_handled_total", "grpc_server_handling_seconds_count"
    before = await server.scrape()
    for points in range(5):
        await add(server.stub, "cup", "ada", points)
    for _ in range(4):
        await top(server.stub, "cup")
    with pytest.raises(grpc.aio.AioRpcError):
        await _rank(server, "nobody")
    async with Watcher("cup") as watcher:
        await watcher.open(server.stub)
        assert await server.value("leaderboard_watches_open") == 1
    await _counted(server, handled, grpc_method="WatchContest", grpc_code="Canceled")
    with pytest.raises(grpc.aio.AioRpcError):
        await server.call("/no.Service/Method", b"")
    await _counted(server, handled, grpc_method="unknown", grpc_code="Unimplemented")

    after = await server.scrape()
    for method, calls in {"UpdateScore": 5, "GetTopUsers": 4}.items():
        of_method = {"grpc_method": method, "grpc_service": "leaderboard.v1.LeaderboardService"}
        for name in (handled, seconds, "grpc_server_msg_sent_total"):
            assert after.value(name, **of_method) - before.value(name, **of_method) == calls
        assert after.value(handled, grpc_code="OK", **of_method) == calls
    assert after.value(handled, grpc_method="GetUserRank", grpc_code="NotFound") == 1
    assert after.value("grpc_server_msg_sent_total", grpc_type="server_stream") >= 1
    assert after.value("leaderboard_watches_open") == 0
    assert after.value("leaderboard_calls_in_flight") == 0
    assert after.value("leaderboard_calls_limit") == 1_000
    assert after.value("leaderboard_watches_limit") == 10_000
    with contextlib.suppress(KeyError):  # on the front
        assert after.value("leaderboard_connections_open") == 1
        assert after.value("leaderboard_connections_limit") > 100
        assert after.value("leaderboard_response_cache_hits_total") in {2, 3}


@ON_ONE_STORE
async def test_refusals_by_a_limit(store: StoreProcess, listener: str) -> None:
    """A watch over the limit is refused, and counts by the name of the limit."""
    async with observed(listener, redis_url=store.url, max_watchers=1) as server:
        async with Watcher("cup") as watcher:
            await watcher.open(server.stub)
            request = pb.WatchContestRequest(contest_id="cup")
            with pytest.raises(grpc.aio.AioRpcError):
                await server.stub.WatchContest(request, timeout=DEADLINE_S).read()
            refused = await server.scrape()
        assert refused.value("leaderboard_refusals_total", limit="watches") == 1
        assert refused.value("leaderboard_refusals_total") == 1
        assert refused.value("leaderboard_watches_limit") == 1


@ON_ONE_STORE
async def test_promtool_accepts_the_text(server: ObservedServer) -> None:
    """The linter of Prometheus finds nothing wrong with names, types and help texts."""
    tools = Path(__file__).parents[2] / ".tools" / "bin"
    promtool = shutil.which("promtool", path=os.pathsep.join([str(tools), os.environ["PATH"]]))
    if promtool is None:
        pytest.skip("no promtool in PATH or .tools/bin")
    checking = await asyncio.create_subprocess_exec(
        *(promtool, "check", "metrics"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await checking.communicate((await server.scrape()).text.encode())

    assert (checking.returncode, output.decode()) == (0, "")


@ON_ONE_STORE
async def test_errors_of_the_service(server: ObservedServer) -> None:
    """Errors count by their reason: of single calls, of calls alike, and of updates in a batch."""
    before = await server.scrape()
    errors = "leaderboard_errors_total"
    await add(server.stub, "cup", "ada", 1)
    for _ in range(3):
        with pytest.raises(grpc.aio.AioRpcError):
            await _rank(server, "nobody")
    with pytest.raises(grpc.aio.AioRpcError):
        await add(server.stub, "", "ada", 1)
    updates = [pb.UpdateScoreRequest(contest_id="cup", user_id=user) for user in ("", "ada", "")]
    await server.stub.BatchUpdateScores(
        pb.BatchUpdateScoresRequest(updates=updates), timeout=DEADLINE_S
    )
    with pytest.raises(grpc.aio.AioRpcError):
        await server.contests.GetContest(
            contests_pb2.GetContestRequest(contest_id="none"), timeout=DEADLINE_S
        )
    absent = pb.Position(epoch="other", revision=1)
    with pytest.raises(grpc.aio.AioRpcError):
        await top(server.stub, "cup", min_position=absent)

    after = await server.scrape()
    moved = {
        reason: after.value(errors, reason=reason) - before.value(errors, reason=reason)
        for reason in (
            *("USER_NOT_FOUND", "INVALID_FIELD", "CONTEST_NOT_FOUND", "POSITION_UNREACHABLE"),
            *("INTERNAL", "UNSPECIFIED"),
        )
    }
    assert moved == {
        "USER_NOT_FOUND": 3,
        "INVALID_FIELD": 3,
        "CONTEST_NOT_FOUND": 1,
        "POSITION_UNREACHABLE": 1,
        "INTERNAL": 0,
        "UNSPECIFIED": 0,
    }


@ON_ONE_STORE
async def test_an_expired_contest(server: ObservedServer, redis: Redis) -> None:
    """The server that deletes a contest because it has expired counts it."""
    await add(server.stub, "cup", "ada", 1)
    await redis.hset(keys.meta("cup"), "expires_at", "1")

    assert not (await top(server.stub, "cup", limit=3)).users
    assert await server.value("leaderboard_expired_contests_total") == 1


@ON_ONE_STORE
async def test_an_ended_season(server: ObservedServer) -> None:
    """The server that ends a season counts it, once."""
    await add(server.stub, "cup", "ada", 1)
    request = contests_pb2.ResetContestRequest(contest_id="cup", season=1)
    for _ in range(2):
        await server.contests.ResetContest(request, timeout=DEADLINE_S)

    assert await server.value("leaderboard_ended_seasons_total") == 1


@ON_ONE_STORE
async def test_labels_have_no_ids_of_callers(server: ObservedServer) -> None:
    """Whatever ids, names and methods callers send, none is in the text, and no series is added."""
    odd = "Odd:id.7"
    before = await server.scrape()
    await add(server.stub, odd, "odd|user+7", 1, "odd-request-7")
    async with Watcher(odd) as watcher:
        await watcher.open(server.stub)
    for path in ("/odd.Service7/Method", "/leaderboard.v1.LeaderboardService/Odd7", "/odd7"):
        with pytest.raises(grpc.aio.AioRpcError):
            await server.call(path, b"")
    with pytest.raises(grpc.aio.AioRpcError):
        await server.health("odd.service.7")

    after = await server.scrape()

    assert "odd" not in after.text.lower()
    handled = "grpc_server_handled_total"
    assert {name for name in after.samples if name[0] != handled} == {
        name for name in before.samples if name[0] != handled
    }


@ON_ONE_STORE
async def test_the_event_loop(server: ObservedServer) -> None:
    """A loop that something blocks is seen as late."""
    delay = "leaderboard_event_loop_delay_seconds"
    before = await server.scrape()
    time.sleep(0.4)  # noqa: ASYNC251 - this loop is the server's
    after = await server.scrape()

    assert after.value(f"{delay}_sum") - before.value(f"{delay}_sum") > 0.2
    late = {"le": "0.1"}
    on_time = after.value(f"{delay}_bucket", **late) - before.value(f"{delay}_bucket", **late)
    assert after.value(f"{delay}_count") - before.value(f"{delay}_count") > on_time


async def test_a_store_that_ends(own_store: StoreProcess, listener: str) -> None:
    """While the store is away, series and both kinds of health say so; after it they clear."""
    async with observed(listener, redis_url=own_store.url) as server:
        await add(server.stub, "cup", "ada", 1)
        before = await server.scrape()
        own_store.end()

        async def unready() -> bool:
            return (await server.probe("/readyz")).status == 503

        with pytest.raises(grpc.aio.AioRpcError):
            await add(server.stub, "cup", "ada", 1)
        await eventually(unready, "a server that is not ready")
        away = await server.scrape()
        assert away.value("leaderboard_store_available") == 0
        assert away.value("leaderboard_feed_connected") == 0
        failed = "leaderboard_store_errors_total"
        assert away.value(failed, script="commit", cause="unreachable") == 1
        resends = "leaderboard_store_resends_total"
        assert away.value(resends) >= before.value(resends)
        assert away.value("leaderboard_errors_total", reason="STORE_UNAVAILABLE") == 1
        probe = await server.probe("/readyz")
        assert "store" in probe.text
        assert (await server.probe("/livez")).status == 200
        assert await server.health("") == "NOT_SERVING"
        assert await server.health("leaderboard.liveness") == "SERVING"

        await own_store.start()
        await eventually(server.ready, "a server that is ready")
        await eventually(lambda: _feed_is_back(server), "the feed")
        assert await server.value("leaderboard_store_available") == 1
        assert await server.value("leaderboard_feed_connections_total") >= 2


async def _feed_is_back(server: ObservedServer) -> bool:
    return await server.value("leaderboard_feed_connected") == 1


@ON_ONE_STORE
async def test_a_server_that_stops(store: StoreProcess, listener: str) -> None:
    """While it drains it is not ready and lives; the endpoint ends last."""
    seen: list[tuple[int, int, str]] = []

    async def probe(server: ObservedServer) -> None:
        with contextlib.suppress(OSError, IndexError):
            while True:
                live, ready = await server.probe("/livez"), await server.probe("/readyz")
                seen.append((live.status, ready.status, ready.text))
                await asyncio.sleep(0)

    async with observed(listener, redis_url=store.url) as server:
        probing = asyncio.create_task(probe(server))
        await eventually(lambda: len(seen) > 0, "a probe")
    await probing

    assert (200, 503, "the server is stopping\n") in seen
    assert {live for live, _, _ in seen} == {200}
