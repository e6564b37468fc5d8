"""The commands of operators on a cluster: `doctor` and `new-epoch`."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest
import pytest_asyncio

from cli.command import Outcome, run_in_pipe
from cli.conftest import Run
from cli.doctor_results import found
from cli.fake_service import FakeService
from conftest import require
from harness.calls import add, top
from harness.cluster import ClusterNodeProcess, ClusterStores
from harness.service import ServiceProcess
from harness.stores import Flavour
from harness.waiting import eventually
from harness.watcher import Watcher
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode

_SLOT = 866
"""A slot of the first shard."""


@pytest_asyncio.fixture(
    name="cluster", params=[Flavour.VALKEY, pytest.param(Flavour.REDIS, marks=pytest.mark.slow)]
)
async def _cluster(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ClusterStores]:
    """Yield a cluster of each kind; no replica takes over by itself."""
    require(request.param)
    async with ClusterStores(
        request.param, tmp_path / "cluster", cluster_replica_no_failover="yes"
    ) as cluster:
        yield cluster


@pytest_asyncio.fixture(name="server")
async def _server(cluster: ClusterStores, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """Yield a server on the cluster."""
    async with ServiceProcess(tmp_path / "server", redis_url=cluster.url) as server:
        yield server


def _name(node: ClusterNodeProcess) -> str:
    return f"127.0.0.1:{node.port}"


@pytest.mark.usefixtures("unhurried")
async def test_doctor_shows_the_shards(
    fake: FakeService, cluster: ClusterStores, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slots, replicas, versions, each node, and what becomes of a lost master; all is well."""
    monkeypatch.setenv("LEADERBOARD_REDIS_URL", cluster.url)

    checks = await asyncio.to_thread(found, run)

    itself = checks["store itself"]
    assert itself["verdict"] == "OK"
    assert f"{cluster.url} is a cluster of 3 shards with 3 replicas" in itself["found"]
    assert "16,384 of 16,384 slots served, " in itself["found"]
    assert "no acknowledged write is lost" in checks["store failover"]["found"]
    for node, slots in zip(cluster.nodes, (5_461, 5_461, 5_462, 0, 0, 0), strict=True):
        row = checks[f"store node {_name(node)}"]
        assert row["verdict"] == "OK"
        assert row["found"].startswith(f"{slots:,} slots, " if slots else "no slots, ")
        assert "appendfsync always" in row["found"]
    assert not [name for name in checks if name.startswith(("store setting", "store slot"))]


@pytest.mark.usefixtures("unhurried")
async def test_doctor_names_what_is_wrong(
    fake: FakeService, cluster: ClusterStores, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting of one node, an open slot, and a node that is down; the last is a failure."""
    monkeypatch.setenv("LEADERBOARD_REDIS_URL", cluster.url)
    first, second, third = cluster.masters
    await third.run("CONFIG", "SET", "appendfsync", "everysec")
    await second.run("CLUSTER SETSLOT", _SLOT, "IMPORTING", first.node_id)
    await first.run("CLUSTER SETSLOT", _SLOT, "MIGRATING", second.node_id)

    warned = await asyncio.to_thread(run, "doctor")
    checks = await asyncio.to_thread(found, run)

    assert warned.code == ExitCode.WARNED
    setting = checks[f"store setting appendfsync of {_name(third)}"]
    assert (setting["verdict"], setting["to_do"]) == ("WARN", "set appendfsync to always")
    slot = checks[f"store slot {_SLOT}"]
    assert slot["verdict"] == "WARN"
    assert f"from {_name(first)} to {_name(second)}" in slot["found"]
    assert f"CLUSTER SETSLOT {_SLOT} STABLE" in slot["to_do"]

    await second.kill()
    failed = await asyncio.to_thread(run, "doctor")
    checks = await asyncio.to_thread(found, run)

    assert failed.code == ExitCode.FAILED
    lost = checks[f"store node {_name(second)}"]
    assert lost["verdict"] == "FAIL"
    assert "5,461 slots, and does not reply" in lost["found"]
    assert "10,923 of 16,384 slots served" in checks["store itself"]["found"]


async def test_new_epochs_of_all_shards(cluster: ClusterStores, server: ServiceProcess) -> None:
    """Each contest of each shard gets a new epoch, or those that are named; watchers reload."""
    contests = [name for shard in range(3) for name in cluster.contests(shard, 2)]
    before = {name: (await add(server.stub, name, "ada", 1)).position for name in contests}
    watcher = Watcher(contests[-1])
    await watcher.open(server.stub)

    dry = await _new_epoch(cluster, "--dry-run")
    assert dry == Outcome(0, f"would begin a new epoch in 6 contests of {cluster.url}\n", "")
    assert await _changed(server, before) == []

    named = await _new_epoch(cluster, "--yes", contests[0], contests[2])
    assert named == Outcome(0, f"began a new epoch in 2 contests of {cluster.url}\n", "")
    assert await _changed(server, before) == [contests[0], contests[2]]

    all_of_them = await _new_epoch(cluster, "--yes")
    assert all_of_them == Outcome(0, f"began a new epoch in 6 contests of {cluster.url}\n", "")
    await watcher.snapshot("NEW_EPOCH")
    assert await _changed(server, before) == contests


async def test_new_epochs_without_a_shard(cluster: ClusterStores, server: ServiceProcess) -> None:
    """Nothing is changed, and the line names the node; named contests of other shards succeed."""
    contests = [cluster.contests(shard, 1)[0] for shard in range(3)]
    before = {name: (await add(server.stub, name, "ada", 1)).position for name in contests}
    lost = cluster.masters[1]
    lost.freeze()

    failed = await _new_epoch(cluster, "--yes")

    assert (failed.code, failed.out) == (5, "")
    assert failed.err.startswith(f"error: {cluster.url} is not available (")
    assert f": {_name(lost)}: no answer in time); repeat the command" in failed.err
    assert len(failed.err.splitlines()) == 1
    assert (await _new_epoch(cluster, "--yes", contests[0])).code == 0
    lost.thaw()

    async def only_one_changed() -> bool:
        try:
            return await _changed(server, before) == contests[:1]
        except grpc.aio.AioRpcError:  # until the shard is found to reply again
            return False

    await eventually(only_one_changed, "one contest with a new epoch", within=20)


async def _new_epoch(cluster: ClusterStores, *arguments: str) -> Outcome:
    return await asyncio.to_thread(run_in_pipe, "new-epoch", "--redis-url", cluster.url, *arguments)


async def _changed(server: ServiceProcess, before: dict[str, pb.Position]) -> list[str]:
    """Return the contests that are in another epoch than before."""
    now = {name: (await top(server.stub, name)).position for name in before}
    return [name for name, position in before.items() if position.epoch != now[name].epoch]
