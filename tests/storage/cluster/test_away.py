"""Nodes that do not answer, or not as one of a cluster, as the calls of a server see them."""

import asyncio

import pytest
from structlog.testing import capture_logs

from harness.waiting import eventually
from leaderboard_server.domain.errors import StoreCause
from leaderboard_server.storage.backend import ClusterBackend
from leaderboard_server.storage.cluster import node as module
from leaderboard_server.storage.cluster.node import POLL_TIMEOUT_S
from leaderboard_server.storage.connection import connect_cluster
from storage.cluster.outcomes import cause_of, fails_for, succeeds
from storage.cluster.scripted_cluster import (
    KEY,
    Caller,
    ScriptedCluster,
    first,
    keys_of,
    share,
)
from storage.cluster.scripted_node import ScriptedNode


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

            async def called_there() -> bool:
                await succeeds(caller, KEY)
                return first_node.keys[:1] == [KEY.encode()]

            await eventually(called_there, "a call to the node that has the slot by now")
            await on_scripted.close()
