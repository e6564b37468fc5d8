"""Layout of the keys over the nodes of a cluster, as scans read it."""

import pytest
from redis.exceptions import ConnectionError as ConnectionLost

from leaderboard_server.domain.errors import StoreCause, StoreUnavailable
from leaderboard_server.storage.backend import ClusterBackend
from leaderboard_server.storage.contests import contest_ids
from storage.cluster.scripted_cluster import ScriptedCluster, share


async def test_layout_is_that_of_now(
    scripted: ScriptedCluster, on_scripted: ClusterBackend
) -> None:
    """A slot that moved a moment ago is another version, and not only after the next poll."""
    before = await on_scripted.reads.layout()
    same = await on_scripted.reads.layout()
    scripted.take_over(range(100), taker=1, giver=0)
    scripted.spread()
    after = await on_scripted.reads.layout()

    assert same == before
    assert after.version > before.version
    assert len(before.shards) == len(after.shards) == 3


async def test_slots_without_a_node_have_no_layout(
    scripted: ScriptedCluster, on_scripted: ClusterBackend
) -> None:
    """A scan that would leave contests out in silence fails instead."""
    scripted.members[0] = scripted.members[0]._replace(slots=[share(0)[1:]])
    scripted.spread()

    with pytest.raises(ConnectionLost):
        await on_scripted.reads.layout()
    with pytest.raises(StoreUnavailable) as failed:
        [_ async for _ in contest_ids(on_scripted.reads)]
    assert failed.value.cause is StoreCause.UNREACHABLE
