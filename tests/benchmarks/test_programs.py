"""Tests of the load and of the Go peers, as programs on a real store."""

import asyncio
import contextlib
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio

from benchmarks.build import build
from benchmarks.job import Job, Sizes
from benchmarks.jobs import all_jobs
from benchmarks.ledger import Ledger
from benchmarks.load import LoadError, run_load
from benchmarks.measure import Measurement, measure
from benchmarks.seeding import seed
from benchmarks.servers import SERVERS, running_server
from benchmarks.store import RunningStore, running_store
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1 import leaderboard_pb2_grpc as rpc

SIZES = Sizes({"small": 50, "hot": 200, "big": 300}, 3, 20, (30,))
JOBS = {job.name: job for job in all_jobs(SIZES)}

pytestmark = [
    pytest.mark.skipif(not shutil.which("go"), reason="the load is written in Go"),
    pytest.mark.timeout(600),  # the first test builds the programs
]


@pytest.fixture(name="store", scope="module")
def _store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStore]:
    build()
    with running_store(tmp_path_factory.mktemp("store")) as store:
        yield store


@pytest_asyncio.fixture(name="stub")
async def _stub(store: RunningStore, tmp_path: Path) -> AsyncIterator[rpc.LeaderboardServiceStub]:
    """Return a stub of the peer with the promises, on seeded boards."""
    seed(store, JOBS["update_hot"].dataset)
    with running_server(SERVERS["go_scripts"], store.socket, tmp_path / "peer.log") as running:
        async with grpc.aio.insecure_channel(running.address) as channel:
            yield rpc.LeaderboardServiceStub(channel)


def measured(store: RunningStore, job: Job, server: str) -> Measurement:
    """Run a job briefly, on new boards."""
    seed(store, job.dataset)
    ledger = Ledger(store, SERVERS[server].layout, job.dataset)
    return measure(job, SERVERS[server], store, ledger, 1, 0.2)


@pytest.mark.parametrize("name", ["update_many", "update_hot_ids", "rank_big", "top10_busy", "mix"])
def test_the_peer_with_the_promises_passes_every_check(store: RunningStore, name: str) -> None:
    """Its points are written, its boards are not stale, and it remembers request ids."""
    assert measured(store, JOBS[name], "go_scripts").job == name


def test_watchers_with_a_connection_each_get_every_update(store: RunningStore) -> None:
    """Each message reaches each watcher."""
    shown = measured(store, JOBS["fanout_30_each"], "seed_go")

    assert shown.details["delivery_rate"] == pytest.approx(shown.value)


async def test_the_peer_with_the_promises_answers_a_repeat_with_the_first_answer(
    stub: rpc.LeaderboardServiceStub,
) -> None:
    """A write with a request id takes effect once, and its id can't be used for another one."""
    request = pb.UpdateScoreRequest(contest_id="hot", user_id="u1", points=7, request_id="a1")

    first, repeat = await stub.UpdateScore(request), await stub.UpdateScore(request)
    request.points = 8
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.UpdateScore(request)

    assert (first.applied, first.replayed, repeat.replayed) == (True, False, True)
    assert repeat.user == first.user
    assert repeat.position == first.position
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_the_peer_with_the_promises_has_fair_ties(stub: rpc.LeaderboardServiceStub) -> None:
    """Of equal scores the first one reached is ranked first, in all answers, at one position."""
    for user in ("zoe", "amy"):
        answer = await stub.UpdateScore(
            pb.UpdateScoreRequest(contest_id="hot", user_id=user, points=10**12)
        )
    board = await stub.GetTopUsers(pb.GetTopUsersRequest(contest_id="hot", limit=2))
    rank = await stub.GetUserRank(pb.GetUserRankRequest(contest_id="hot", user_id="amy"))

    assert [user.user_id for user in board.users] == ["zoe", "amy"]
    assert answer.user == rank.user == board.users[1]
    assert answer.position == rank.position == board.position
    assert rank.total_users == board.total_users


async def test_concurrent_updates_of_the_peer_with_the_promises_all_count(
    stub: rpc.LeaderboardServiceStub,
) -> None:
    """Many commits of one contest in flight don't displace each other."""
    request = pb.UpdateScoreRequest(contest_id="hot", user_id="new", points=1)

    answers = await asyncio.gather(*(stub.UpdateScore(request) for _ in range(200)))

    assert sorted(answer.user.score for answer in answers) == list(range(1, 201))


@contextlib.asynccontextmanager
async def serving(servicer: rpc.LeaderboardServiceServicer) -> AsyncIterator[str]:
    """Serve, and return the address."""
    server = grpc.aio.server()
    rpc.add_LeaderboardServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


class Replaying(rpc.LeaderboardServiceServicer):
    """A server that takes every update for a repeat."""

    async def UpdateScore(self, request: pb.UpdateScoreRequest, context: Any) -> Any:  # noqa: N802
        """Return what looks like an earlier answer."""
        user = pb.RankedUser(user_id=request.user_id)
        return pb.UpdateScoreResponse(user=user, replayed=True)


@pytest.mark.usefixtures("store")
async def test_replayed_answers_to_new_updates_void_a_run() -> None:
    """A server that answers a new update with an earlier answer fails the run."""
    arguments = (*JOBS["update_hot_ids"].load_arguments, "-warmup", "0s")

    async with serving(Replaying()) as address:
        with pytest.raises(LoadError, match="a new update got the response of an earlier one"):
            await asyncio.to_thread(run_load, address, arguments, 0.1)


class Counting(rpc.LeaderboardServiceServicer):
    """A server that counts calls, and how many there were at a time."""

    def __init__(self) -> None:
        self.calls = self.running = self.most = 0
        self.request_ids: set[str] = set()

    async def UpdateScore(self, request: pb.UpdateScoreRequest, context: Any) -> Any:  # noqa: N802
        """Return after other calls had a turn."""
        self.calls += 1
        self.request_ids.add(request.request_id)
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        return pb.UpdateScoreResponse(user=pb.RankedUser(user_id=request.user_id))


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(("name", "most"), [("update_hot_one", 1), ("update_hot_64", 64)])
async def test_calls_in_flight_are_those_of_the_job(name: str, most: int) -> None:
    """A call begins when an earlier one has ended."""
    servicer = Counting()

    async with serving(servicer) as address:
        await asyncio.to_thread(run_load, address, JOBS[name].load_arguments, 0.1)

    assert 0 < servicer.most <= most
    assert servicer.request_ids == {""}


@pytest.mark.usefixtures("store")
async def test_each_update_has_a_request_id_of_its_own() -> None:
    """Request ids have the form of the clients' ids, and none is sent twice."""
    servicer = Counting()

    async with serving(servicer) as address:
        await asyncio.to_thread(run_load, address, JOBS["update_hot_ids"].load_arguments, 0.1)

    assert len(servicer.request_ids) == servicer.calls
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in servicer.request_ids)
