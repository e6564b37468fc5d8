"""The monitor of a cluster: which shards can be used, and what it logs once for each change."""

import contextlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import structlog
from structlog.testing import capture_logs

from conftest import require
from harness.cluster import ClusterNodeProcess, ClusterStores
from harness.ports import free_port
from harness.stores import Flavour, StoreProcess
from harness.waiting import eventually
from leaderboard_server.storage.backend import ClusterBackend, open_backend
from leaderboard_server.storage.cluster.monitor import ALONE_S, LONG_MOVE_S, ClusterMonitor

_SLOT = 866
"""A slot of the first shard."""
_RIGHTS = ("~*", "&*", "+@all")


class _Monitored:
    """A monitor, the states that it reported, and its log."""

    def __init__(self, backend: ClusterBackend, log: list[Any]) -> None:
        self.states: list[bool] = []
        self.now = 0.0
        self.cluster = backend.cluster
        self.monitor = ClusterMonitor(backend.cluster, self._report, lambda: self.now)
        self._log = log

    async def _report(self, *, serving: bool) -> None:
        self.states.append(serving)

    def entries(self, event: str) -> list[dict[str, Any]]:
        """Return the entries of an event."""
        return [dict(entry) for entry in self._log if entry["event"] == event]

    def entry(self, event: str) -> dict[str, Any]:
        """Return the only entry of an event."""
        (found,) = self.entries(event)
        return found

    def troubles(self) -> list[str]:
        """Return the events of warnings and errors."""
        return [entry["event"] for entry in self._log if entry["log_level"] != "info"]

    def serves(self, node: StoreProcess, slots: int = 1) -> bool:
        """Return whether a node has slots by now, or has none."""
        masters = [str(each) for each in self.cluster.masters]
        return (_name(node) in masters) == bool(slots)

    async def logged(self, event: str, times: int = 1) -> dict[str, Any]:
        """Wait until an event is logged so often, and return its last entry."""
        await eventually(lambda: len(self.entries(event)) >= times, event, within=20)
        return self.entries(event)[-1]


@contextlib.asynccontextmanager
async def _monitored(url: str) -> AsyncIterator[_Monitored]:
    structlog.reset_defaults()
    backend = open_backend(url)
    assert isinstance(backend, ClusterBackend)
    with capture_logs() as log:
        monitored = _Monitored(backend, log)
        monitored.monitor.start()
        try:
            await eventually(lambda: bool(monitored.states), "a first state")
            yield monitored
        finally:
            await monitored.monitor.close()
            await backend.close()


@pytest_asyncio.fixture(
    name="cluster", params=[Flavour.VALKEY, pytest.param(Flavour.REDIS, marks=pytest.mark.slow)]
)
async def _cluster(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ClusterStores]:
    """Yield a cluster of each kind that the test may break; no replica takes over by itself."""
    require(request.param)
    async with ClusterStores(
        request.param, tmp_path / "cluster", cluster_replica_no_failover="yes"
    ) as cluster:
        yield cluster


def _name(node: StoreProcess) -> str:
    return f"127.0.0.1:{node.port}"


async def test_a_good_cluster_is_no_warning(cluster: ClusterStores) -> None:
    """Each node is checked, replicas too, and what becomes of a lost master is logged once."""
    async with _monitored(cluster.url) as seen:
        await eventually(lambda: len(seen.entries("store_checked")) == 6, "checks of all nodes")

        assert seen.states == [True]
        assert seen.troubles() == []
        assert {entry["node"] for entry in seen.entries("store_checked")} == {
            _name(node) for node in cluster.nodes
        }
        assert "no acknowledged write is lost" in seen.entry("failover_policy")["policy"]
        assert (seen.monitor.shards, seen.monitor.available_shards) == (3, 3)


async def test_shards_that_hang_one_after_the_other(cluster: ClusterStores) -> None:
    """The server serves while one shard replies, and each that hangs is logged with its slots."""
    first, *others = cluster.masters
    async with _monitored(cluster.url) as seen:
        first.freeze()
        lost = await seen.logged("shard_unavailable")
        await eventually(lambda: seen.monitor.available_shards == 2, "two shards that are left")

        assert seen.states == [True]
        assert lost["node"] == _name(first)
        assert lost["slots"] == 5_461
        assert lost["reason"] == f"{_name(first)}: no answer in time"

        for node in others:
            node.freeze()
        away = await seen.logged("store_unavailable")

        assert seen.states == [True, False]
        assert all(_name(node) in away["reason"] for node in cluster.masters)
        assert away["to_do"].startswith("start the nodes")

        for node in cluster.masters:
            node.thaw()
        await eventually(lambda: seen.monitor.available_shards == 3, "all shards")

        assert seen.states == [True, False, True]
        recovered = seen.entries("shard_recovered")
        assert {entry["node"] for entry in recovered} == {_name(node) for node in cluster.masters}
        assert {entry["slots"] for entry in recovered} == {5_461, 5_462}


async def test_a_shard_recovers_at_its_replica(cluster: ClusterStores) -> None:
    """When a replica has taken the slots over, it is named, and that it has no replica itself."""
    replica = cluster.replicas[0]
    async with _monitored(cluster.url) as seen:
        await cluster.masters[0].kill()
        assert (await seen.logged("shard_unavailable"))["node"] == _name(cluster.masters[0])
        await _take_over(replica)

        recovered = await seen.logged("shard_recovered")
        seen.now += ALONE_S
        alone = await seen.logged("store_without_replica")

        assert (recovered["node"], recovered["slots"]) == (_name(replica), 5_461)
        assert alone["node"] == _name(replica)
        assert "it has no replica" in alone["reason"]
        await eventually(lambda: seen.monitor.available_shards == 3, "all shards")
        assert seen.monitor.shards == 3
        assert seen.states == [True]
        assert seen.troubles() == ["shard_unavailable", "store_without_replica"]


async def test_a_planned_failover_is_no_warning(cluster: ClusterStores) -> None:
    """The former master is the replica a moment later: that there is none by then is not logged."""
    async with _monitored(cluster.url) as seen:
        await eventually(lambda: len(seen.entries("store_checked")) == 6, "checks of all nodes")
        for replica, master in zip(cluster.replicas, cluster.masters, strict=True):
            await replica.run("CLUSTER FAILOVER")
            await eventually(partial(seen.serves, replica), "a replica that took over")
            await eventually(partial(seen.serves, master, slots=0), "a master that gave way")

        await eventually(lambda: len(seen.entries("store_checked")) >= 12, "checks of new roles")
        seen.now += ALONE_S

        assert seen.troubles() == []


async def _take_over(replica: ClusterNodeProcess) -> None:
    """Have a replica take over from a master that is known to have failed."""

    async def is_master() -> bool:
        await replica.run("CLUSTER FAILOVER", "TAKEOVER")
        return (await replica.run("ROLE"))[0] in {b"master", "master"}

    await eventually(is_master, "a replica that took over")


async def test_slots_that_no_node_serves(cluster: ClusterStores) -> None:
    """They count as a shard that is away, until a node serves them again."""
    gone, left = cluster.nodes[::3], [node for n, node in enumerate(cluster.nodes) if n % 3]
    async with _monitored(cluster.url) as seen:
        for node in gone:
            await node.kill()
        await seen.logged("shard_unavailable")
        for node in left:
            for forgotten in gone:
                await node.run("CLUSTER FORGET", forgotten.node_id)
        lost = await seen.logged("shard_unavailable", times=2)

        assert (lost["node"], lost["slots"]) == ("none", 5_461)
        assert (seen.monitor.shards, seen.monitor.available_shards) == (3, 2)

        await left[0].run("CLUSTER ADDSLOTSRANGE", 0, 5_460)
        recovered = await seen.logged("shard_recovered")
        assert (recovered["node"], recovered["slots"]) == (_name(left[0]), 10_922)
        await eventually(lambda: seen.monitor.shards == 2, "two shards")
        assert seen.states == [True]


async def test_a_slot_that_is_moved_for_long(cluster: ClusterStores) -> None:
    """A slot that is open for over a minute is logged once, with both nodes."""
    first, second, _ = cluster.masters
    async with _monitored(cluster.url) as seen:

        def logged_later(times: int) -> bool:
            seen.now += LONG_MOVE_S
            return len(seen.entries("slot_migrating")) == times

        for times in (1, 2):
            await second.run("CLUSTER SETSLOT", _SLOT, "IMPORTING", first.node_id)
            await first.run("CLUSTER SETSLOT", _SLOT, "MIGRATING", second.node_id)
            await eventually(partial(logged_later, times), "a slot that is open for long")
            for node in (first, second):
                await node.run("CLUSTER SETSLOT", _SLOT, "STABLE")
            await eventually(lambda: not seen.cluster.open_slots, "a closed slot")

        moving = seen.entries("slot_migrating")[-1]
        assert moving["slot"] == _SLOT
        assert (moving["source"], moving["target"]) == (_name(first), _name(second))
        assert moving["seconds"] >= LONG_MOVE_S
        assert seen.troubles() == ["slot_migrating"] * 2
        assert seen.states == [True]


async def test_rights_that_one_node_lacks(cluster: ClusterStores) -> None:
    """The node is named; the others serve, and so does it once the right is given."""
    first = cluster.masters[0]
    for node in cluster.nodes:
        await _set_user(node, "limited", *_RIGHTS)
    await _set_user(first, "limited", *_RIGHTS, "-zadd")

    async with _monitored(_as_user(cluster.url, "limited")) as seen:
        missing = await seen.logged("store_no_rights")
        await eventually(lambda: seen.monitor.available_shards == 2, "two shards")

        assert missing["node"] == _name(first)
        assert "ZADD" in missing["reason"]
        assert seen.states == [True]
        await _set_user(first, "limited", *_RIGHTS)
        await eventually(lambda: seen.monitor.available_shards == 3, "all shards")


@pytest.mark.parametrize(
    ("rights", "reason", "to_do"),
    [
        ((), "WRONGPASS|invalid username-password", "--redis-password-file"),
        ((*_RIGHTS, "-cluster|nodes"), "no permissions to run the 'cluster|nodes'", "rights"),
    ],
    ids=["password", "right"],
)
async def test_a_cluster_that_rejects_the_server(
    cluster: ClusterStores, rights: tuple[str, ...], reason: str, to_do: str
) -> None:
    """The log has what the nodes reply and what to do, without the password; then it serves."""
    for node in cluster.nodes:
        await _set_user(node, "limited", *rights, password="secret" if rights else "other")

    async with _monitored(_as_user(cluster.url, "limited")) as seen:
        assert seen.states == [False]
        away = seen.entry("store_unavailable")
        assert any(text in away["reason"] for text in (reason, *reason.split("|", 1)[-1:]))
        assert to_do in away["to_do"]
        assert "secret" not in str(away)

        for node in cluster.nodes:
            await _set_user(node, "limited", *_RIGHTS)
        await eventually(lambda: seen.states == [False, True], "serving")


async def _set_user(
    node: ClusterNodeProcess, user: str, *rights: str, password: str = "secret"
) -> None:
    await node.run("ACL", "SETUSER", user, "reset", "on", f">{password}", *rights)


def _as_user(url: str, user: str) -> str:
    return url.replace("://", f"://{user}:secret@")


async def test_a_store_that_is_no_cluster(own_store: StoreProcess) -> None:
    """The log says that the store has no cluster support, and which URL is for such a store."""
    url = own_store.url.replace("redis://", "redis+cluster://")

    async with _monitored(url) as seen:
        away = seen.entry("store_unavailable")

        assert "cluster support disabled" in away["reason"]
        assert "redis://" in away["to_do"]
        assert seen.states == [False]


async def test_no_node_replies() -> None:
    """The log names the nodes of the URL, and why each can't be reached."""
    ports = free_port(), free_port()
    url = f"redis+cluster://127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}"

    async with _monitored(url) as seen:
        away = seen.entry("store_unavailable")

        assert all(f"127.0.0.1:{port}: " in away["reason"] for port in ports)
        assert "addresses in --redis-url" in away["to_do"]
        assert (seen.monitor.shards, seen.monitor.available_shards) == (0, 0)
