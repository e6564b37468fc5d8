"""Scripts that a node did not run are sent again for some time; commits count once all the same."""

import asyncio
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from harness.uncounted import store_instruments
from harness.waiting import eventually
from leaderboard_server.domain.errors import StoreCause, StoreFull, StoreUnavailable
from leaderboard_server.storage.backend import ClusterBackend
from leaderboard_server.storage.script_runner import REDIRECTION_DELAYS_S
from leaderboard_server.storage.scripts import COMMIT
from leaderboard_server.storage.store import Retention, Store
from storage.cluster.scripted_cluster import (
    CONTEST,
    KEY,
    Caller,
    ScriptedCluster,
    first,
    redirected,
)
from storage.cluster.scripted_node import ScriptedNode
from storage.contest import add

_OOM = b"-OOM command not allowed when used memory > 'maxmemory'."


class TestLater:
    """A node that can't run a script now."""

    @pytest.mark.parametrize(
        "reply", [b"-TRYAGAIN Multiple keys request", b"-CLUSTERDOWN The cluster is down"]
    )
    async def test_script_is_sent_again_a_little_later(
        self, scripted: ScriptedCluster, caller: Caller, reply: bytes
    ) -> None:
        """The call succeeds once the node runs it."""
        scripted.nodes[0].answer = first(reply, reply, reply)
        assert await caller.call(KEY) == b"OK"

    @pytest.mark.parametrize(
        "reply",
        [
            lambda _: b"-TRYAGAIN Multiple keys request",
            lambda _: b"-CLUSTERDOWN The cluster is down",
            lambda node: redirected("MOVED", node),
        ],
        ids=["TRYAGAIN", "CLUSTERDOWN", "MOVED"],
    )
    async def test_node_that_never_runs_it_is_away(
        self, scripted: ScriptedCluster, caller: Caller, reply: Callable[[ScriptedNode], bytes]
    ) -> None:
        """After some resends the store is unreachable, which is no refusal that is logged."""
        here = scripted.nodes[0]
        here.answer = lambda _: reply(here)

        with capture_logs() as logs, pytest.raises(StoreUnavailable) as failed:
            await caller.call(KEY)

        assert failed.value.cause is StoreCause.UNREACHABLE
        assert len(here.commands) == 1 + len(REDIRECTION_DELAYS_S)
        assert "store_refused" not in {entry["event"] for entry in logs}


class TestCommits:
    """Commits, which must be applied once."""

    async def test_commit_keeps_its_sequence(
        self, scripted: ScriptedCluster, on_scripted: ClusterBackend
    ) -> None:
        """The other node gets the same commit, so that one that was applied is recognised."""
        here, there, _ = scripted.nodes
        store = Store(on_scripted.writes, on_scripted.reads, Retention(), store_instruments())
        for node in scripted.nodes:
            node.answer = lambda _: b":1"
        await store.registry.register(CONTEST)
        here.answer = lambda _: redirected("MOVED", there)
        there.answer = first(b"-TRYAGAIN Multiple keys request", _OOM)

        with pytest.raises(StoreFull):
            await store.commit(CONTEST, (add("ada"),))

        commits = [
            tuple(command[19:])  # from the server's token and the sequence on
            for node in (here, there)
            for command in node.commands
            if command[1] == COMMIT.sha.encode()
        ]
        assert len(commits) >= 3
        assert len(set(commits)) == 1

    async def test_full_store_after_a_redirection_wrote_nothing(
        self, scripted: ScriptedCluster, caller: Caller
    ) -> None:
        """A node that redirects a commit did not apply it, so STORE_FULL is the truth."""
        here, there, _ = scripted.nodes
        here.answer = first(redirected("MOVED", there))
        there.answer = first(_OOM)
        with pytest.raises(StoreFull):
            await caller.call(KEY)

    async def test_full_store_after_a_lost_reply_leaves_it_open(
        self, scripted: ScriptedCluster, caller: Caller
    ) -> None:
        """A commit may have been applied before its connection broke, however it ends."""
        here, there, _ = scripted.nodes
        await caller.call(KEY)
        here.answer = first(None, redirected("MOVED", there))
        there.answer = first(_OOM)
        call = asyncio.create_task(caller.call(KEY))
        await eventually(lambda: len(here.commands) == 2, "the script")
        await here.refuse()
        await here.accept()

        with pytest.raises(StoreUnavailable):
            await call
