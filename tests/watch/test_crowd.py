"""Many watchers: all are disconnected together, or one of them is stuck."""

import itertools
import time
from pathlib import Path

import grpc
import psutil
import pytest

from harness.calls import DEADLINE_S
from harness.counting_proxy import CountingProxy
from harness.service import CHANNEL_OPTIONS, ServiceProcess, all_serving
from harness.statuses import Status, status_of
from harness.stores import StoreProcess
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from watch.crowd import Crowd

BACK_WITHIN_S = 60.0
"""Generous: on a machine with a load of 14 on 2 cores, 2,000 watchers took more than 10 s."""
CALLS_FOR_A_CONTEST = 20
CONTESTS = ("cup", "league")
SCOPES = (
    {"scope": pb.WATCH_SCOPE_TOP, "limit": 10},
    {"scope": pb.WATCH_SCOPE_ALL, "limit": 10},
    {"scope": pb.WATCH_SCOPE_TOP, "limit": 100},
    {"scope": pb.WATCH_SCOPE_USERS, "user_ids": ["u0", "u1"]},
)


@pytest.mark.parametrize("count", [200, pytest.param(2_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("emptied", [False, True], ids=["resumed", "emptied"])
async def test_a_disconnected_crowd_resumes(
    own_store: StoreProcess, tmp_path: Path, count: int, *, emptied: bool
) -> None:
    """After a restart all watchers have every change, with a few calls to the store.

    If the store was emptied meanwhile, each watcher gets a snapshot.
    """
    requests = [
        pb.WatchContestRequest(contest_id=contest_id, **scope)  # type: ignore[arg-type]
        for contest_id, scope in itertools.product(CONTESTS, SCOPES)
    ]
    async with CountingProxy(own_store.port) as proxy:
        restarted = ServiceProcess(tmp_path / "restarted", redis_url=proxy.url)
        other = ServiceProcess(tmp_path / "other", redis_url=own_store.url)
        async with all_serving(restarted, other):
            await _change_all(other, 1)
            async with Crowd(restarted.address, requests, count) as crowd:
                await crowd.until(lambda s: s.snapshots == 1, "a snapshot for all", within=60)

                await restarted.kill()
                if emptied:
                    async with own_store.client() as client:
                        await client.flushall()
                latest = await _change_all(other, 5)
                proxy.contests.clear()
                restarted.launch()
                await crowd.until(
                    lambda s: s.position.revision == latest.get(s.position.epoch),
                    "every change of the outage",
                    within=BACK_WITHIN_S,
                )
                assert {s.snapshots for s in crowd.watchers} == {2 if emptied else 1}
                for contest_id in CONTESTS:
                    assert proxy.contests[contest_id] <= CALLS_FOR_A_CONTEST


async def _change_all(service: ServiceProcess, times: int) -> dict[str, int]:
    """Change the users of all contests; return the latest revision by epoch."""
    revisions = {}
    for contest_id, number in itertools.product(CONTESTS, range(times)):
        updates = [
            pb.UpdateScoreRequest(contest_id=contest_id, user_id=f"u{user}", points=1 + number)
            for user in range(10)
        ]
        batch = pb.BatchUpdateScoresRequest(updates=updates)
        answer = await service.stub.BatchUpdateScores(batch, timeout=DEADLINE_S)
        position = answer.results[-1].response.position
        revisions[position.epoch] = position.revision
    return revisions


LEADER = "leader"
LEADS_EVERY = 5
LONG_NAME = "\U0001f945" * 128
WATCHERS = 200
BYSTANDERS = 200
WRITE_TIMEOUT_S = 5
MARGIN_S = 3
MEMORY_MIB = 8
"""The limit of memory for a stuck watcher, with the normal growth of the process."""


async def test_one_stuck_watcher_costs_the_others_nothing(
    own_store: StoreProcess, tmp_path: Path
) -> None:
    """The others get every change; the stuck one needs little memory, and is disconnected."""
    leader = pb.WatchContestRequest(contest_id="cup", scope=pb.WATCH_SCOPE_USERS, user_ids=[LEADER])
    options = ("--watch-write-timeout-s", str(WRITE_TIMEOUT_S), "--history-changes", "1000")
    async with (
        ServiceProcess(tmp_path / "service", *options, redis_url=own_store.url) as service,
        Crowd(service.address, [leader], WATCHERS) as crowd,
        grpc.aio.insecure_channel(service.address, options=_tiny_window()) as channel,
    ):
        await crowd.until(lambda s: s.snapshots == 1, "a snapshot for all", within=60)
        for number in range(5):
            await service.stub.BatchUpdateScores(_batch(number), timeout=DEADLINE_S)
        stuck = LeaderboardServiceStub(channel).WatchContest(
            pb.WatchContestRequest(contest_id="cup", scope=pb.WATCH_SCOPE_ALL, limit=1)
        )
        first = await stuck.read()
        before, sent = _memory_mib(service), 0
        due = time.monotonic() + WRITE_TIMEOUT_S + MARGIN_S

        for number in itertools.count(5):
            batch = _batch(number)
            await service.stub.BatchUpdateScores(batch, timeout=DEADLINE_S)
            sent += batch.ByteSize()
            if time.monotonic() > due and sent > 2 * MEMORY_MIB * 2**20:
                break
        grown = _memory_mib(service) - before
        assert grown < MEMORY_MIB

        led = number // LEADS_EVERY + 1
        await crowd.until(lambda s: s.changes >= led, "every change of the leader")
        assert {s.changes for s in crowd.watchers} == {led}
        assert {(s.streams, s.snapshots) for s in crowd.watchers} == {(1, 1)}

        messages, status = await _read_to_the_end(stuck)
        last = messages[-1]
        assert status.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert status.reason == "ERROR_REASON_WATCHER_STALLED"
        assert status.metadata == {
            "contestId": "cup",
            "epoch": last.position.epoch,
            "revision": str(last.position.revision),
        }
        assert last.position.revision > first.position.revision


async def _read_to_the_end(
    call: grpc.aio.UnaryStreamCall[pb.WatchContestRequest, pb.WatchContestResponse],
) -> tuple[list[pb.WatchContestResponse], Status]:
    """Read the rest of a stream, and the status that ended it."""
    messages: list[pb.WatchContestResponse] = []
    try:
        while True:
            message = await call.read()
            assert isinstance(message, pb.WatchContestResponse), "a stream that ended well"
            messages.append(message)
    except grpc.aio.AioRpcError as error:
        return messages, status_of(error)


def _tiny_window() -> tuple[tuple[str, int], ...]:
    """Return options of a client with a small flow-control window."""
    return (*CHANNEL_OPTIONS, ("grpc.http2.lookahead_bytes", 16_384), ("grpc.http2.bdp_probe", 0))


def _batch(number: int) -> pb.BatchUpdateScoresRequest:
    """Return a batch that changes many users with large rows, and sometimes the leader."""
    users = [f"u{user}" for user in range(BYSTANDERS)]
    users += [LEADER] * (number % LEADS_EVERY == 0)
    return pb.BatchUpdateScoresRequest(
        updates=[
            pb.UpdateScoreRequest(
                contest_id="cup", user_id=user_id, points=1, display_name=LONG_NAME
            )
            for user_id in users
        ]
    )


def _memory_mib(service: ServiceProcess) -> float:
    return psutil.Process(service.process.pid).memory_info().rss / 2**20
