"""Watches of browsers while contests change in every way, and service and gateway are killed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest_asyncio

from harness.calls import top
from harness.gateway import GatewayProcess, gateway
from harness.http import get
from harness.ports import free_port
from harness.service import ServiceProcess
from harness.waiting import eventually
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from web.browser_watch import BrowserWatch
from web.contest_writer import Writer

STYLES = {"ordinal": pb.RANK_STYLE_ORDINAL, "shared": pb.RANK_STYLE_COMPETITION}


@pytest_asyncio.fixture(name="service")
async def _service(tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    async with ServiceProcess(tmp_path, data_dir=tmp_path / "data") as service:
        yield service


@pytest_asyncio.fixture(name="web_gateway")
async def _web_gateway(service: ServiceProcess) -> AsyncIterator[GatewayProcess]:
    with gateway(service.address, "--min-interval-ms", "50") as process:
        yield process


async def more(writers: list[Writer]) -> None:
    """Wait until all writers have made some more calls."""
    await asyncio.gather(*(writer.more(40) for writer in writers))


async def create(service: ServiceProcess, contest_id: str, style: pb.RankStyle) -> None:
    """Create a contest."""
    contest = contests_pb2.Contest(
        contest_id=contest_id, rules=pb.ContestRules(rank_style=style), keep_seasons=1
    )
    await service.contests.CreateContest(contests_pb2.CreateContestRequest(contest=contest))


async def assert_all_show_the_board(service: ServiceProcess, *watches: BrowserWatch) -> None:
    """Wait until each watch is up to date, and compare its board with a read."""
    for watch in watches:
        board = await top(service.stub, watch.contest_id, limit=watch.limit)
        await watch.reach(board.position)
        watch.checker.assert_equals(board)


async def test_boards_are_right_through_kills(
    service: ServiceProcess, web_gateway: GatewayProcess
) -> None:
    """No watch of any limit or speed misses a change while service and gateway are killed."""
    async with AsyncExitStack() as stack:
        watches, writers = list[BrowserWatch](), list[Writer]()
        for contest_id, style in STYLES.items():
            await create(service, contest_id, style)
            for limit, pause in [(1, 0), (10, 0), (10, 0.1), (100, 0)]:
                watch = BrowserWatch(web_gateway.address, contest_id, limit=limit, pause_s=pause)
                watches.append(await stack.enter_async_context(watch))
            writers.append(Writer(service, contest_id, seed=style))
        async with writers[0], writers[1]:
            await break_all(service, web_gateway, watches[0], writers)
        for watch in watches:
            watch.pause_s = 0
        await assert_all_show_the_board(service, *watches)
        for watch in watches:
            assert watch.closes[1006], "no kill of the gateway was noticed"
            assert watch.closes[1001], "no stop of the gateway was noticed"
            assert not watch.lost


async def break_all(
    service: ServiceProcess, web_gateway: GatewayProcess, watch: BrowserWatch, writers: list[Writer]
) -> None:
    """Kill the service, kill the gateway, and stop both; there are writes before and after each."""
    await more(writers)
    await service.kill()
    # One that is behind may be sent its next messages after the outage, and no report.
    await watch.until(lambda: watch.lost, "a report of the outage")
    await service.start()
    await more(writers)
    await asyncio.to_thread(web_gateway.kill)
    await asyncio.to_thread(web_gateway.start)
    await more(writers)
    await asyncio.to_thread(web_gateway.terminate)
    await service.terminate()
    await asyncio.to_thread(web_gateway.start)
    await service.start()
    await more(writers)


async def test_slow_readers_are_sent_less(service: ServiceProcess) -> None:
    """Readers that are behind get merged messages or snapshots; fast ones each message."""
    await create(service, "cup", pb.RANK_STYLE_DENSE)
    metrics = f"127.0.0.1:{free_port()}"
    options = ["--min-interval-ms", "20", "--metrics-address", metrics]
    with gateway(service.address, *options) as process:
        async with (
            BrowserWatch(process.address, "cup", limit=100) as fast,
            BrowserWatch(process.address, "cup", limit=100, pause_s=0.2) as slow,
            BrowserWatch(process.address, "cup", limit=100, pause_s=2) as slowest,
            Writer(service, "cup", seed=1, users_at_once=[100]) as writer,
        ):
            await writer.more(50)
            await fast.until(lambda: fast.checker.known, "a board")

            async def slow_ones_are_sent_less() -> bool:
                counts = (await get(metrics, "/metrics")).body.decode()
                # Which of the two depends on how far they are behind.
                merged = number(counts, "leaderboard_web_watch_messages_merged_total")
                lagged = number(counts, 'leaderboard_web_watch_snapshots_total{reason="LAGGED"}')
                assert merged + lagged
                sent = [len(watch.checker.states) for watch in (slowest, slow, fast)]
                return 2 < sent[0] < sent[1] < sent[2]

            await eventually(slow_ones_are_sent_less, "merged messages or snapshots", within=80)
        slow.pause_s = slowest.pause_s = 0
        for watch in (fast, slow, slowest):
            watch.open()
        await assert_all_show_the_board(service, fast, slow, slowest)


def number(metrics: str, series: str) -> float:
    """Return the value of a series of a scrape."""
    (value,) = [line for line in metrics.splitlines() if line.startswith(series + " ")]
    return float(value.rpartition(" ")[2])
