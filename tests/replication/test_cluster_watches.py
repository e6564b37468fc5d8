"""Watches of many contests on a real cluster while replicas take over and slots move."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from conftest import require
from harness.cluster import ClusterStores
from harness.node import running_node
from harness.shard import Shard
from harness.slot_move import SlotMove, migrate_atomically
from harness.stores import Flavour
from harness.waiting import eventually
from replication.cluster_watches import ClusterWatches, spread_contests, subscriptions

MOVED_SLOTS = 20


@pytest.fixture(name="warnings_alone")
def _warnings_alone() -> Iterator[None]:
    """Log warnings alone: a line for each step of each contest would hold up the loop."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("warnings_alone")
@pytest.mark.parametrize("count", [60, pytest.param(1_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("flavour", list(Flavour))
async def test_watches_follow_their_slots(flavour: Flavour, count: int, tmp_path: Path) -> None:
    """Nothing is missed or repeated, and the contests of a slot are subscribed to together."""
    require(flavour)
    slots = spread_contests(count)
    contests = [contest for of_slot in slots.values() for contest in of_slot]
    async with (
        ClusterStores(flavour, tmp_path) as cluster,
        running_node(cluster.url) as watching,
        running_node(cluster.url) as writing,
    ):
        shards = [Shard(cluster, number) for number in range(3)]
        of_shards = [_slots_of(cluster, number, slots) for number in range(3)]
        watches = ClusterWatches(watching, writing, contests)
        await watches.write_all()
        async with watches.open():
            await watches.hold()
            before = await subscriptions(cluster.nodes)

            async with watches.writes():
                await shards[0].replica.run("CLUSTER FAILOVER")
                await shards[0].led_by(shards[0].replica)
                await eventually(lambda: watches.live == len(contests), "live again", within=30)
            await watches.hold()
            after = await subscriptions(cluster.nodes)
            _assert_commands(after - before, slots=len(of_shards[0]))

            moved = of_shards[1][:MOVED_SLOTS]
            async with watches.writes():
                await _move(flavour, moved, shards[1], shards[2])
                await eventually(lambda: watches.live == len(contests), "live again", within=30)
            await watches.hold()
            _assert_commands(await subscriptions(cluster.nodes) - after, slots=len(moved))

            await shards[2].in_step()
            await shards[2].master.kill()
            async with watches.writes():
                await shards[2].led_by(shards[2].replica)
            await watches.write_all()
            await watches.hold()
        reasons = {tuple(watch.checker.reasons.items()) for watch in watches.watches}
        assert reasons == {(("INITIAL", 1),)}


def _assert_commands(count: int, *, slots: int) -> None:
    """Check that each slot has one, or two if its node ended the subscriptions in two parts."""
    assert slots <= count < 2 * slots, f"{count} commands for {slots} slots"


def _slots_of(cluster: ClusterStores, shard: int, slots: dict[int, list[str]]) -> list[int]:
    return [slot for slot, contests in slots.items() if cluster.shard_of(contests[0]) == shard]


async def _move(flavour: Flavour, slots: list[int], source: Shard, target: Shard) -> None:
    """Move slots as an operator of this engine does."""
    if flavour is Flavour.VALKEY:
        await migrate_atomically(source.master, target.master, slots)
        return
    for slot in slots:
        async with SlotMove(slot, source.master, target.master) as move:
            await move.complete()
