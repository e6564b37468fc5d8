"""Nodes that come, go and move: servers follow, and their callers notice nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from redis.crc import key_slot

from faults.cluster.contest_watches import ContestWatches
from faults.cluster.readers import Readers
from faults.cluster.variants import Variant, on_each
from faults.cluster.writers import Writers
from harness.cluster import ClusterNodeProcess, ClusterStores
from harness.service import ServiceProcess, listening_with
from harness.shard import Shard, revision_at
from harness.waiting import eventually


@pytest_asyncio.fixture(name="late")
async def _late(
    variant: Variant, cluster: ClusterStores, tmp_path: Path
) -> AsyncIterator[ServiceProcess]:
    """Yield a further server, which the test starts."""
    with listening_with(variant.listener):
        late = ServiceProcess(tmp_path / "late", redis_url=cluster.url)
    yield late
    await late.close()


@on_each()
async def test_a_node_is_added_and_another_one_forgotten(
    cluster: ClusterStores, servers: tuple[ServiceProcess, ServiceProcess]
) -> None:
    """Slots of the new node are used there, the forgotten one is left, and no call fails."""
    old, moved = cluster.contests(0, 3), cluster.contests(0, 6)[3:]
    others = cluster.contests(1, 2)
    watches = ContestWatches(servers, [*old, *moved, *others])
    writers = Writers(servers, [*old, *moved, *others], clients=40)
    async with watches.open(), Readers(servers, moved):
        async with writers.writing([*old, *others]):
            await writers.more_writes(10, old)
            node = await cluster.add_node()
            for contest_id in moved:
                await _give(cluster, key_slot(contest_id.encode()), node)
            await _forget(cluster, cluster.replicas[2])
            await writers.more_writes(10, old)
        async with writers.writing():
            await writers.more_writes(10)
        lost = await writers.repeat_all()
        await writers.assert_exact()
        await watches.hold()
        watches.assert_reasons()

    assert not lost
    writers.assert_none_failed([*old, *moved, *others])
    for contest_id in moved:
        assert await revision_at(node, contest_id)
    await eventually(lambda: _is_left(cluster.replicas[2]), "no connection to the forgotten node")


async def _give(cluster: ClusterStores, slot: int, node: ClusterNodeProcess) -> None:
    """Give an empty slot of the first master to a node."""
    former = cluster.masters[0]
    await node.run("CLUSTER SETSLOT", slot, "IMPORTING", former.node_id)
    await former.run("CLUSTER SETSLOT", slot, "MIGRATING", node.node_id)
    for each in (node, former):
        await each.run("CLUSTER SETSLOT", slot, "NODE", node.node_id)


async def _forget(cluster: ClusterStores, node: ClusterNodeProcess) -> None:
    await node.run("CLUSTER RESET", "HARD")
    for other in cluster.nodes:
        if other is not node:
            await other.run("CLUSTER FORGET", node.node_id)


async def _is_left(node: ClusterNodeProcess) -> bool:
    async with node.client() as client:
        return "leaderboard" not in {other["name"] for other in await client.client_list()}


@on_each()
async def test_the_seeds_are_gone(
    cluster: ClusterStores, servers: tuple[ServiceProcess, ServiceProcess], late: ServiceProcess
) -> None:
    """Servers go on without the nodes in the URL; one that starts then serves once one is back."""
    contests = [name for number in range(3) for name in cluster.contests(number, 2)]
    watches = ContestWatches(servers, contests)
    writers = Writers(servers, contests, clients=30)
    async with watches.open(), Readers(servers, contests):
        async with writers.writing():
            await writers.more_writes(20)
            # Not both at once, since a replica needs the votes of most masters.
            for number in range(2):
                shard = Shard(cluster, number)
                await shard.master.kill()
                await shard.led_by(shard.replica)
                await writers.more_writes(5)
            late.launch()
            await eventually(lambda: _is(late, "NOT_SERVING"), "NOT_SERVING of the late server")
            await writers.more_writes(20)
            assert await late.health() == "NOT_SERVING"
            await cluster.masters[1].start()
            await eventually(lambda: _is(late, "SERVING"), "SERVING from the late server")
            await writers.more_writes(5)
        lost = await writers.repeat_all()
        await writers.assert_exact()
        await watches.hold()
        watches.assert_reasons(new_epochs=lost)

    writers.assert_honest()


async def _is(server: ServiceProcess, state: str) -> bool:
    return await server.health() == state


@on_each()
async def test_a_master_comes_back_at_another_address(
    cluster: ClusterStores, servers: tuple[ServiceProcess, ServiceProcess]
) -> None:
    """The same node with other ports is found by what the other nodes know, with all writes."""
    shard = Shard(cluster, 2)
    await shard.replica.run("CONFIG SET", "cluster-replica-no-failover", "yes")
    own, others = cluster.contests(2, 3), cluster.contests(0, 2)
    watches = ContestWatches(servers, [*own, *others])
    writers = Writers(servers, [*own, *others], clients=40)
    async with watches.open(), Readers(servers, own):
        async with writers.writing():
            await writers.more_writes(20)
            await shard.master.kill()
            shard.master.move()
            await shard.master.start()
            await writers.more_writes(20)
        lost = await writers.repeat_all()
        await writers.assert_exact()
        await watches.hold()
        watches.assert_reasons()

    assert not lost
    writers.assert_honest()
    writers.assert_none_failed(others)
