"""The checks of a cluster, node by node, as `doctor` and the start of a server make them."""

import contextlib
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
import pytest_asyncio

from conftest import require
from harness.cluster import ClusterNodeProcess, ClusterStores
from harness.stores import Flavour
from harness.waiting import eventually
from leaderboard_server.storage.cluster.checks import slot_ranges
from leaderboard_server.storage.cluster.inspection import (
    ClusterInspection,
    OpenSlotInspection,
    inspect_cluster,
)
from leaderboard_server.storage.store_checks import Finding, Severity, check, inspect_store

_SLOT = 866
"""A slot of the first shard."""


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="cluster", params=list(Flavour))
async def _cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ClusterStores]:
    """Yield a cluster of each kind, whose settings a test sets back."""
    require(request.param)
    async with ClusterStores(request.param, tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@contextlib.asynccontextmanager
async def _set(
    nodes: Iterable[ClusterNodeProcess], setting: str, value: str, before: str
) -> AsyncIterator[None]:
    for node in nodes:
        await node.run("CONFIG", "SET", setting, value)
    yield
    for node in nodes:
        await node.run("CONFIG", "SET", setting, before)


def _name(node: ClusterNodeProcess) -> str:
    return f"127.0.0.1:{node.port}"


def _findings(inspection: ClusterInspection) -> dict[str, list[Finding]]:
    return {node.name: node.findings for node in inspection.nodes if node.findings}


async def test_nothing_is_found_in_a_cluster_as_documented(cluster: ClusterStores) -> None:
    """All nodes are named with their slots, and the choice of the operator is said."""
    seen = await inspect_cluster(cluster.url)

    assert _findings(seen) == {}
    assert [node.name for node in seen.nodes[:3]] == [_name(node) for node in cluster.masters]
    assert {node.name for node in seen.nodes[3:]} == {_name(node) for node in cluster.replicas}
    assert [node.slots for node in seen.nodes] == [5_461, 5_461, 5_462, 0, 0, 0]
    assert [node.replicas for node in seen.nodes] == [1, 1, 1, 0, 0, 0]
    assert (seen.unserved, seen.open_slots) == ([], [])
    assert seen.failover_policy is not None
    assert "acknowledged writes that it lacked are lost" in seen.failover_policy
    assert "cluster-replica-no-failover no, min-replicas-to-write 0" in seen.failover_policy


@pytest.mark.parametrize(
    ("setting", "value", "before", "promise"),
    [
        ("cluster-require-full-coverage", "yes", "no", "promise 7"),
        ("cluster-allow-reads-when-down", "yes", "no", "promise 5"),
        ("cluster-node-timeout", "15001", "1000", "not replaced before"),
        ("appendonly", "no", "yes", "promise 9"),
        ("appendfsync", "everysec", "always", "promise 9"),
        ("maxmemory-policy", "allkeys-lru", "noeviction", "promises 1 to 6"),
    ],
)
async def test_a_setting_that_breaks_a_promise_is_a_warning_of_its_node(
    cluster: ClusterStores, setting: str, value: str, before: str, promise: str
) -> None:
    """Also of a replica, which may take over; the other nodes have none."""
    wrong = cluster.masters[0], cluster.replicas[1]
    async with _set(wrong, setting, value, before):
        found = _findings(await inspect_cluster(cluster.url))

    assert found.keys() == {_name(node) for node in wrong}
    for (finding,) in found.values():
        assert (finding.event, finding.severity) == ("store_setting", Severity.WARNING)
        assert f"{setting} is {value}" in finding.reason
        assert promise in finding.reason
        assert finding.to_do.startswith(f"set {setting} to ")


async def test_the_choice_between_available_and_durable(cluster: ClusterStores) -> None:
    """No value of it is a finding; what is in force is said, also where nodes differ."""
    name = "cluster-replica-no-failover"
    async with (
        _set(cluster.nodes, name, "yes", "no"),
        _set(cluster.nodes, "min-replicas-to-write", "1", "0"),
    ):
        durable = await inspect_cluster(cluster.url)
    async with _set(cluster.nodes[3:4], name, "yes", "no"):
        mixed = await inspect_cluster(cluster.url)

    assert _findings(durable) == _findings(mixed) == {}
    assert "no acknowledged write is lost" in str(durable.failover_policy)
    assert "min-replicas-to-write 1" in str(durable.failover_policy)
    assert "some replicas take over" in str(mixed.failover_policy)


@pytest.mark.parametrize("right", ["asking", "ssubscribe", "sunsubscribe", "spublish", "zadd"])
async def test_a_right_that_a_cluster_needs(cluster: ClusterStores, right: str) -> None:
    """A command that the user may not run on a node is an error of that node."""
    for node in cluster.nodes:
        await node.run("ACL", "SETUSER", "limited", "reset", "on", ">s", "~*", "&*", "+@all")
    await cluster.replicas[0].run("ACL", "SETUSER", "limited", f"-{right}")

    found = _findings(await inspect_cluster(cluster.url.replace("://", "://limited:s@")))

    ((finding,),) = found.values()
    assert found.keys() == {_name(cluster.replicas[0])}
    assert (finding.event, finding.severity) == ("store_no_rights", Severity.ERROR)
    assert right.upper() in finding.reason
    assert "docs/cluster.md" in finding.to_do


async def test_a_replica_without_the_user(cluster: ClusterStores) -> None:
    """It can't be used where it takes over: that is said of its master, with what to do."""
    for node in set(cluster.nodes) - {cluster.replicas[0]}:
        await node.run("ACL", "SETUSER", "unknown", "reset", "on", ">s", "~*", "&*", "+@all")

    found = _findings(await inspect_cluster(cluster.url.replace("://", "://unknown:s@")))

    ((finding,),) = found.values()
    assert (finding.event, finding.severity) == ("store_without_replica", Severity.WARNING)
    assert f"{_name(cluster.replicas[0])}: " in finding.reason
    assert "give each replica the user" in finding.to_do


async def test_a_plain_url_of_a_node_is_an_error(cluster: ClusterStores) -> None:
    """A node that is used as a store by itself has a part of the contests alone."""
    (finding,) = check(await inspect_store(cluster.masters[0].url))

    assert (finding.event, finding.severity) == ("store_is_cluster_node", Severity.ERROR)
    assert "redis+cluster://" in finding.to_do


async def test_an_open_slot_is_seen_from_either_node(cluster: ClusterStores) -> None:
    """A slot that was left open is named with both nodes, though one of them has closed it."""
    first, second, _ = cluster.masters
    open_slot = OpenSlotInspection(_SLOT, _name(first), _name(second))
    await second.run("CLUSTER SETSLOT", _SLOT, "IMPORTING", first.node_id)
    try:
        assert (await inspect_cluster(cluster.url)).open_slots == [open_slot]
        await first.run("CLUSTER SETSLOT", _SLOT, "MIGRATING", second.node_id)
        assert (await inspect_cluster(cluster.url)).open_slots == [open_slot]
        await second.run("CLUSTER SETSLOT", _SLOT, "STABLE")
        assert (await inspect_cluster(cluster.url)).open_slots == [open_slot]
    finally:
        for node in (first, second):
            await node.run("CLUSTER SETSLOT", _SLOT, "STABLE")

    async def is_closed() -> bool:
        return not (await inspect_cluster(cluster.url)).open_slots

    await eventually(is_closed, "a closed slot")


async def test_a_shard_that_is_lost(tmp_path: Path) -> None:
    """A node that is down is named with the reason, and so is a master whose replica is down."""
    require(Flavour.VALKEY)
    async with ClusterStores(
        Flavour.VALKEY, tmp_path, cluster_replica_no_failover="yes"
    ) as cluster:
        await cluster.masters[1].kill()
        await cluster.replicas[0].kill()

        seen = await inspect_cluster(cluster.url)

        by_name = {node.name: node for node in seen.nodes}
        lost = by_name[_name(cluster.masters[1])]
        assert (lost.facts, lost.slots) == (None, 5_461)
        assert lost.problem.startswith(f"{lost.name}: ")
        (alone,) = by_name[_name(cluster.masters[0])].findings
        assert (alone.event, alone.severity) == ("store_without_replica", Severity.WARNING)
        assert _name(cluster.replicas[0]) in alone.reason
        assert by_name[_name(cluster.masters[2])].findings == []


def test_ranges_of_slots() -> None:
    """Slots in a row are one range, in rising order."""
    assert list(slot_ranges([7, 1, 2, 3, 9, 10])) == ["1-3", "7", "9-10"]
    assert list(slot_ranges([])) == []
