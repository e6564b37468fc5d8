"""Scripts go to the node of their slot, and after a redirection where that leads."""

import asyncio
import itertools

import pytest

from harness.waiting import eventually
from leaderboard_server.storage.backend import ClusterBackend
from leaderboard_server.storage.cluster.node import POLL_SPACING_S
from storage.cluster.scripted_cluster import (
    FIRST_KEY,
    KEY,
    SLOT,
    Caller,
    ScriptedCluster,
    first,
    keys_of,
    redirected,
)
from storage.cluster.scripted_node import ScriptedNode


async def test_each_key_goes_to_the_node_of_its_slot(
    scripted: ScriptedCluster, caller: Caller
) -> None:
    """All nodes are found from one seed, and each gets the scripts of its own slots."""
    names = [name for shard in range(3) for name in itertools.islice(keys_of(shard), 20)]
    await asyncio.gather(*map(caller.call, names))

    for number, node in enumerate(scripted.nodes):
        assert set(node.keys) == {name.encode() for name in itertools.islice(keys_of(number), 20)}


class TestMoved:
    """A slot that another node serves by now."""

    async def test_call_and_later_ones_go_to_the_other_node(
        self, scripted: ScriptedCluster, caller: Caller
    ) -> None:
        """The script is run there, and the next one is sent there at once."""
        here, there, _ = scripted.nodes
        await caller.call(KEY)
        here.answer = lambda _: redirected("MOVED", there)
        scripted.take_over(range(SLOT + 1), taker=1, giver=0)
        scripted.spread()

        assert await caller.call(KEY) == await caller.call(KEY) == b"OK"
        assert (len(here.keys), len(there.keys)) == (2, 2)

    @pytest.mark.parametrize("host", ["", "?"])
    async def test_missing_host_is_that_of_the_node(
        self, scripted: ScriptedCluster, caller: Caller, host: str
    ) -> None:
        """A node that does not know the other's preferred address names a port alone."""
        here, there, _ = scripted.nodes
        here.answer = lambda _: f"-MOVED {SLOT} {host}:{there.address.port}".encode()

        assert await caller.call(KEY) == b"OK"
        assert there.keys == [KEY.encode()]

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    async def test_node_with_a_name_is_known_by_its_address_too(
        self, scripted: ScriptedCluster, on_scripted: ClusterBackend, caller: Caller, host: str
    ) -> None:
        """Nodes that announce names are connected to by these, whatever a redirection names."""
        here, there, _ = scripted.nodes
        members = scripted.members
        scripted.members = [member._replace(name="localhost") for member in members]
        scripted.spread()
        here.answer = lambda _: f"-MOVED {SLOT} {host}:{there.address.port}".encode()

        assert await caller.call(KEY) == b"OK"
        assert there.keys == [KEY.encode()]
        assert {node.address.host for node in on_scripted.cluster.masters} == {"localhost"}

    async def test_node_that_is_not_known_yet_is_found(
        self, scripted: ScriptedCluster, on_scripted: ClusterBackend, caller: Caller
    ) -> None:
        """A slot that has moved to a new node is served by it as soon as the nodes name it."""
        here = scripted.nodes[0]
        await caller.call(KEY)
        async with ScriptedNode() as added:
            here.answer = lambda _: redirected("MOVED", added)
            new = scripted.members[1]._replace(node_id="node-9", address=added.address, slots=[])
            scripted.members.append(new)
            scripted.take_over(range(SLOT + 1), taker=3, giver=0)
            scripted.spread()
            added.view = scripted.nodes[1].view

            assert await caller.call(KEY) == b"OK"
            assert added.keys == [KEY.encode()]
            await on_scripted.close()

    async def test_former_member_misleads_only_until_it_is_asked(
        self, scripted: ScriptedCluster, on_scripted: ClusterBackend, caller: Caller
    ) -> None:
        """What the nodes know counts again once the node that redirected has answered."""
        here, there, _ = scripted.nodes
        await caller.call(KEY)
        owner = on_scripted.cluster.owners[SLOT]
        here.answer = first(redirected("MOVED", there))
        await caller.call(KEY)

        await eventually(lambda: on_scripted.cluster.owners[SLOT] is owner, "the known owner")
        await caller.call(KEY)
        assert (len(here.keys), len(there.keys)) == (3, 1)

    @pytest.mark.parametrize("fails", [True, False])
    async def test_change_is_a_new_version(
        self, scripted: ScriptedCluster, on_scripted: ClusterBackend, caller: Caller, *, fails: bool
    ) -> None:
        """Observers are called for a slot that moved, also if a redirection was first to say so."""
        here, there, _ = scripted.nodes
        await caller.call(FIRST_KEY)
        await on_scripted.cluster.refresh()
        versions = [on_scripted.cluster.version]
        on_scripted.cluster.observers.append(lambda: versions.append(on_scripted.cluster.version))
        here.answer = lambda _: f"-MOVED 0 {there.address}".encode()
        scripted.take_over(range(1), taker=1, giver=0)
        scripted.spread()
        await caller.call(FIRST_KEY)
        if fails:
            await here.refuse()

        await eventually(lambda: len(versions) > 1, "the call of an observer")
        await on_scripted.cluster.refresh()
        assert versions == [versions[0], versions[0] + 1]

    async def test_polls_do_not_follow_each_redirection(
        self, scripted: ScriptedCluster, on_scripted: ClusterBackend, caller: Caller
    ) -> None:
        """However many calls are redirected, a node is polled ten times a second at most."""
        await caller.call(KEY)
        await on_scripted.cluster.refresh()
        before = scripted.nodes[0].polls
        scripted.nodes[0].answer = lambda _: b"-CLUSTERDOWN Hash slot not served"
        loop = asyncio.get_running_loop()
        began = loop.time()
        calls = [caller.call(KEY) for _ in range(200)]

        assert all(await asyncio.gather(*calls, return_exceptions=True))
        assert len(scripted.nodes[0].commands) > 1_000
        took = loop.time() - began
        assert scripted.nodes[0].polls - before <= took / POLL_SPACING_S + 1


class TestAsk:
    """A slot that is being moved, some of whose keys are at the other node already."""

    async def test_asking_and_the_script_are_side_by_side(
        self, scripted: ScriptedCluster, caller: Caller
    ) -> None:
        """Among many calls on one connection each ASKING is followed by its own script."""
        here, there, _ = scripted.nodes
        others = list(itertools.islice(keys_of(1), 100))
        await caller.call(others[0])
        here.answer = lambda _: redirected("ASK", there)

        calls = [asyncio.create_task(caller.call(name)) for name in others]
        await asyncio.gather(*(caller.call(KEY) for _ in range(100)), *calls)

        commands = iter(there.commands)
        asked = [next(commands)[3] for command in commands if command[0] == b"ASKING"]
        assert asked == [KEY.encode()] * 100

    async def test_unknown_script_is_sent_whole_with_asking(
        self, scripted: ScriptedCluster, caller: Caller
    ) -> None:
        """The other node may not know the script; EVAL is for the slot that is being moved too."""
        here, there, _ = scripted.nodes
        here.answer = first(redirected("ASK", there))
        there.answer = first(b"+OK", b"-NOSCRIPT No matching script.")

        assert await caller.call(KEY) == b"OK"
        assert [command[0] for command in there.commands] == [
            *(b"ASKING", b"EVALSHA"),
            *(b"ASKING", b"EVAL"),
        ]

    async def test_later_calls_begin_at_the_owner(
        self, scripted: ScriptedCluster, caller: Caller
    ) -> None:
        """The slot stays where it is: another key of it may still be there."""
        here, there, _ = scripted.nodes
        here.answer = first(redirected("ASK", there))

        await caller.call(KEY)
        await caller.call(KEY)
        assert (len(here.keys), len(there.keys)) == (2, 1)
