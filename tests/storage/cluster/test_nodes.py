"""Nodes that come and go, or lose their slots, as the calls of a server see them."""

import asyncio

import pytest
from redis.exceptions import ConnectionError as ConnectionLost

from harness.waiting import eventually
from leaderboard_server.domain.errors import StoreCause
from leaderboard_server.storage.backend import ClusterBackend, open_backend
from storage.cluster.outcomes import cause_of
from storage.cluster.scripted_cluster import (
    KEY,
    SLOT,
    Caller,
    ScriptedCluster,
    keys_of,
    share,
)
from storage.cluster.views import view_text


class TestFormerMaster:
    """A node that lost its slots, and does not know it."""

    async def test_calls_in_flight_go_to_the_new_one(
        self, scripted: ScriptedCluster, on_scripted: ClusterBackend, caller: Caller
    ) -> None:
        """What a former master has not replied to yet is sent to the new one; its reply is late."""
        here, there, _ = scripted.nodes
        await caller.call(KEY)
        await on_scripted.cluster.refresh()
        here.answer = lambda _: None
        call = asyncio.create_task(caller.call(KEY))
        await eventually(lambda: len(here.commands) == 2, "the call")
        scripted.take_over(share(0), taker=1, giver=0)
        stale = here.view
        scripted.spread()
        here.view = stale  # cut off from the others, it still claims its slots

        assert await call == b"OK"
        assert there.keys == [KEY.encode()]

    async def test_connection_that_is_being_opened_is_not_used(
        self, scripted: ScriptedCluster, on_scripted: ClusterBackend, caller: Caller
    ) -> None:
        """A call that waits for a connection to a former master goes to the new one instead."""
        here, there, _ = scripted.nodes
        await on_scripted.cluster.asked()
        await on_scripted.cluster.refresh()
        before = here.connections
        here.opens = False
        call = asyncio.create_task(caller.call(KEY))
        await eventually(lambda: here.connections > before, "the opening")
        scripted.take_over(share(0), taker=1, giver=0)
        stale = here.view
        scripted.spread()
        here.view = stale
        on_scripted.cluster.poll_now()
        await eventually(
            lambda: str(on_scripted.cluster.owners[SLOT]) == str(there.address), "the new owner"
        )
        here.open_waiting()

        assert await call == b"OK"
        assert (here.keys, there.keys) == ([], [KEY.encode()])


class TestNodesComeAndGo:
    """Nodes of the cluster."""

    async def test_removed_node_is_left(
        self, scripted: ScriptedCluster, on_scripted: ClusterBackend, caller: Caller
    ) -> None:
        """A node that the others forgot has no connection left, and no say, though it answers."""
        here, there, _ = scripted.nodes
        await caller.call(KEY)
        scripted.take_over(share(0), taker=1, giver=0)
        scripted.spread()
        del scripted.members[0]
        for number in (1, 2):
            scripted.nodes[number].view = view_text(f"node-{number}", scripted.members)

        await eventually(lambda: not here.connections, "the end of its connections")
        assert await caller.call(KEY) == b"OK"
        assert there.keys[-1] == KEY.encode()
        assert {node.address for node in on_scripted.cluster.nodes} == {
            node.address for node in scripted.nodes[1:]
        }

    async def test_closing_leaves_nothing(
        self, scripted: ScriptedCluster, on_scripted: ClusterBackend, caller: Caller
    ) -> None:
        """After the end no node has a connection, and a call fails."""
        names = [next(keys_of(shard)) for shard in range(3)]
        await asyncio.gather(*map(caller.call, names))
        await on_scripted.close()

        await eventually(
            lambda: not any(node.connections for node in scripted.nodes), "the end of connections"
        )
        assert await cause_of(caller, KEY) is StoreCause.UNREACHABLE

    async def test_calls_after_the_end_look_for_no_nodes(
        self, scripted: ScriptedCluster, on_scripted: ClusterBackend, caller: Caller
    ) -> None:
        """Also where no call came before; and one that waits for the first nodes does not go on."""
        for node in scripted.nodes:
            node.view = b""
        waiting = asyncio.create_task(cause_of(caller, KEY))
        await asyncio.sleep(0)
        await on_scripted.close()
        assert await waiting is StoreCause.UNREACHABLE

        unused = open_backend(scripted.url)
        await unused.close()
        before = asyncio.all_tasks()
        with pytest.raises(ConnectionLost):
            await unused.reads.layout()
        assert asyncio.all_tasks() == before
