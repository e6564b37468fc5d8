"""Nodes that do not answer, come and go, or lose their slots, as the calls of a server see them."""

import asyncio

import pytest
from structlog.testing import capture_logs

from harness.waiting import eventually
from leaderboard_server.domain.errors import StoreCause, StoreUnavailable
from leaderboard_server.storage.backend import ClusterBackend
from leaderboard_server.storage.cluster import node as module
from leaderboard_server.storage.cluster.node import POLL_TIMEOUT_S
from leaderboard_server.storage.connection import connect_cluster
from storage.cluster.scripted_cluster import Caller, ScriptedCluster, share
from storage.cluster.scripted_node import ScriptedNode
from storage.cluster.test_redirections import KEY, SLOT, first, keys_of
from storage.cluster.views import view_text


async def cause_of(caller: Caller, key: str) -> StoreCause | None:
    """Return why a call fails, None if it does not."""
    try:
        await caller.call(key)
    except StoreUnavailable as error:
        return error.cause
    return None


async def fails_for(caller: Caller, key: str, cause: StoreCause) -> None:
    """Wait until calls fail for a cause."""

    async def fails() -> bool:
        return await cause_of(caller, key) is cause

    await eventually(fails, f"calls that fail with {cause}")


async def succeeds(caller: Caller, key: str) -> None:
    """Wait until calls succeed."""

    async def is_served() -> bool:
        return await cause_of(caller, key) is None

    await eventually(is_served, "calls that are served")


class TestAway:
    """A node that can't be polled."""

    async def test_node_that_hangs(self, scripted: ScriptedCluster, caller: Caller) -> None:
        """After its first time-out nothing is sent to it until it answers a poll."""
        here = scripted.nodes[0]
        await caller.call(KEY)
        view, here.view = here.view, None
        here.answer = lambda _: None
        await fails_for(caller, KEY, StoreCause.TIMEOUT)
        sent = len(here.commands)

        async with asyncio.timeout(POLL_TIMEOUT_S):
            causes = [await cause_of(caller, KEY) for _ in range(100)]
        others = [await cause_of(caller, next(keys_of(shard))) for shard in (1, 2)]

        assert set(causes) == {StoreCause.TIMEOUT}
        assert others == [None, None]
        assert len(here.commands) == sent

        here.view, here.answer = view, first()
        await succeeds(caller, KEY)

    async def test_calls_in_flight_end_with_the_poll(
        self, scripted: ScriptedCluster, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Once a node does not answer its poll no call waits for a time-out of its own."""
        monkeypatch.setattr(module, "REPLY_TIMEOUT_S", 60.0)
        here = scripted.nodes[0]
        await caller.call(KEY)
        here.view, here.answer = None, lambda _: None

        async with asyncio.timeout(20):
            causes = await asyncio.gather(*(cause_of(caller, KEY) for _ in range(10)))

        assert set(causes) == {StoreCause.TIMEOUT}

    async def test_node_is_away_from_the_first_time_out_of_a_call_on(
        self, scripted: ScriptedCluster, caller: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also while its poll still waits, nothing more is sent to it."""
        monkeypatch.setattr(module, "POLL_TIMEOUT_S", 60.0)
        here = scripted.nodes[0]
        await caller.call(KEY)
        view, here.view = here.view, None
        here.answer = lambda _: None
        polls = here.polls
        await eventually(lambda: here.polls > polls, "a poll that waits")

        assert await cause_of(caller, KEY) is StoreCause.TIMEOUT
        sent = len(here.commands)
        assert {await cause_of(caller, KEY) for _ in range(20)} == {StoreCause.TIMEOUT}
        assert len(here.commands) == sent

        await here.refuse()  # the poll ends
        here.view, here.answer = view, first()
        await here.accept()
        await succeeds(caller, KEY)

    async def test_node_whose_polls_are_answered(
        self, scripted: ScriptedCluster, caller: Caller
    ) -> None:
        """After a call that timed out it is used again with the next answer to a poll."""
        here = scripted.nodes[0]
        await caller.call(KEY)
        here.answer = lambda _: None
        assert await cause_of(caller, KEY) is StoreCause.TIMEOUT

        here.answer = first()
        await succeeds(caller, KEY)

    async def test_node_that_is_gone(self, scripted: ScriptedCluster, caller: Caller) -> None:
        """Its calls fail as unreachable, the other shards go on, and it is used when it is back."""
        here = scripted.nodes[0]
        await caller.call(KEY)
        await here.refuse()

        await fails_for(caller, KEY, StoreCause.UNREACHABLE)
        assert [await cause_of(caller, next(keys_of(shard))) for shard in (1, 2)] == [None, None]

        await here.accept()
        await succeeds(caller, KEY)

    @pytest.mark.parametrize(
        ("reply", "cause"),
        [
            (b"-LOADING Redis is loading the dataset in memory", StoreCause.LOADING),
            (b"-NOAUTH Authentication required.", StoreCause.NO_RIGHTS),
            (b"-NOPERM this user has no permissions to run it", StoreCause.NO_RIGHTS),
            (b"-ERR This instance has cluster support disabled", StoreCause.UNREACHABLE),
            (b"something else", StoreCause.UNREACHABLE),
        ],
        ids=str,
    )
    async def test_node_that_refuses_polls(
        self, scripted: ScriptedCluster, caller: Caller, reply: bytes, cause: StoreCause
    ) -> None:
        """Calls fail with its cause, from the beginning or later, until it answers with a view."""
        here = scripted.nodes[0]
        view, here.view = here.view, reply
        assert await cause_of(caller, KEY) is cause
        assert not here.commands

        here.view = view
        await succeeds(caller, KEY)
        here.view = reply
        await fails_for(caller, KEY, cause)

    async def test_reason_is_logged(self, scripted: ScriptedCluster) -> None:
        """A URL of a cluster that leads to another store is found in the log, with its address."""
        scripted.nodes[0].view = b"-ERR This instance has cluster support disabled"
        states: list[bool] = []

        async def note(*, serving: bool) -> None:
            states.append(serving)

        backend = ClusterBackend(connect_cluster(scripted.url))
        monitor = backend.monitor(note)
        with capture_logs() as logs:
            monitor.start()
            await eventually(lambda: states == [False], "the first look")
            await monitor.close()
        await backend.close()

        (entry,) = [entry for entry in logs if entry["event"] == "store_unavailable"]
        assert "cluster support disabled" in entry["reason"]
        assert str(scripted.nodes[0].address) in entry["reason"]


class TestSeeds:
    """The addresses of the URL."""

    async def test_all_seeds_are_away(self, scripted: ScriptedCluster, caller: Caller) -> None:
        """Calls fail at once, and a seed that is back leads to the cluster."""
        here = scripted.nodes[0]
        await here.refuse()
        causes = [await cause_of(caller, KEY) for _ in range(50)]
        assert set(causes) == {StoreCause.UNREACHABLE}

        await here.accept()
        await succeeds(caller, KEY)

    async def test_seeds_are_not_needed_later(
        self, scripted: ScriptedCluster, on_scripted: ClusterBackend, caller: Caller
    ) -> None:
        """The nodes that were found stay known while the seed is gone."""
        await caller.call(KEY)
        await on_scripted.cluster.refresh()
        await scripted.nodes[0].refuse()
        scripted.take_over(share(0), taker=1, giver=0)
        scripted.spread()

        await succeeds(caller, KEY)
        assert scripted.nodes[1].keys[-1] == KEY.encode()

    async def test_nodes_come_back_elsewhere(
        self, scripted: ScriptedCluster, on_scripted: ClusterBackend, caller: Caller
    ) -> None:
        """When all nodes are gone, the seed is asked where they are by now."""
        await caller.call(KEY)
        await on_scripted.cluster.refresh()
        for node in scripted.nodes:
            await node.refuse()
        await fails_for(caller, KEY, StoreCause.UNREACHABLE)

        async with ScriptedNode() as first_node, ScriptedNode() as second_node:
            seed, *_ = scripted.nodes
            moved = ScriptedCluster([seed, first_node, second_node])
            moved.take_over(share(0), taker=1, giver=0)
            moved.spread()
            await seed.accept()

            await succeeds(caller, KEY)
            assert first_node.keys == [KEY.encode()]
            await on_scripted.close()


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
