"""Whatever goes through all contests of a cluster leaves none out while slots move all the time."""

import asyncio
import contextlib
import itertools
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_asyncio
from redis.crc import key_slot

from cli.command import Outcome, run_in_pipe
from faults.cluster.variants import on_each_engine
from harness.calls import top
from harness.cluster import ClusterStores
from harness.node import Node, running_node
from harness.service import ServiceProcess
from harness.slot_move import SlotMove
from harness.uncounted import sweep_instruments
from harness.waiting import eventually
from leaderboard_server.contests.deletion import ExpirySweep
from leaderboard_server.domain.contest import ContestSettings, ContestsQuery
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.life import Life
from leaderboard_server.storage import keys

_log = logging.getLogger(__name__)

_OF_SHARD = 30
_UNAVAILABLE = 5
"""The exit code of commands that are to be repeated."""
_EXPIRING = ContestSettings(life=Life(expire_after_ms=1_000))
Result = TypeVar("Result")


class _Moves:
    """Moves slots from the first master to the second and back, one after the other, for a block.

    Attributes:
        count: How many were moved.
    """

    def __init__(self, cluster: ClusterStores, names: Sequence[str]) -> None:
        """Move the slots of keys or contests that the first master has."""
        self.count = 0
        self._masters = cluster.masters[:2]
        self._slots = sorted(
            {key_slot(name.encode()) for name in names if not cluster.shard_of(name)}
        )

    @contextlib.asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Move them until the block ends."""
        stopping = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._run(stopping))
            try:
                yield
            finally:
                stopping.set()

    async def _run(self, stopping: asyncio.Event) -> None:
        first, second = self._masters
        for source, target in itertools.cycle(((first, second), (second, first))):
            for slot in self._slots:
                if stopping.is_set() and source is first:
                    return
                async with SlotMove(slot, source, target) as move:
                    await move.complete()
                self.count += 1


async def _repeated(call: Callable[[], Awaitable[Result]]) -> Result:
    """Return what a call returns, which may be refused at first."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await call()
            except StoreUnavailable:
                await asyncio.sleep(0.05)


async def _command(*arguments: str) -> Outcome:
    """Run a command, again as long as it says so, and check that it ends well."""
    for _ in range(10):
        outcome = await asyncio.to_thread(run_in_pipe, *arguments)
        if outcome.code != _UNAVAILABLE:
            break
    assert outcome.code == 0, outcome
    return outcome


@pytest_asyncio.fixture(name="contests")
async def _contests(cluster: ClusterStores) -> list[str]:
    """Return contests of all shards that hold ada and bo, in the order of their ids."""
    names = sorted(name for shard in range(3) for name in cluster.contests(shard, _OF_SHARD))
    async with running_node(cluster.url) as node:
        for user_id in ("ada", "bo"):
            await asyncio.gather(*(node.add(name, user_id) for name in names))
    return names


@pytest.fixture(name="moves")
def _moves(cluster: ClusterStores, contests: list[str]) -> _Moves:
    """Return moves of the slots of these contests, and of parts of the registry."""
    return _Moves(cluster, [*contests, *map(str, range(keys.REGISTRY_PARTS))])


@pytest_asyncio.fixture(name="node")
async def _node(cluster: ClusterStores) -> AsyncIterator[Node]:
    """Yield a server in this process."""
    async with running_node(cluster.url) as node:
        yield node


@on_each_engine
async def test_every_contest_is_listed_once(
    cluster: ClusterStores, contests: list[str], moves: _Moves, node: Node
) -> None:
    """Also by a registry that was lost and is filled by a scan."""
    refused = 0
    async with moves.going_on(), cluster.client() as client:
        for _ in range(10):
            for part in range(keys.REGISTRY_PARTS):
                await client.delete(keys.registry(part))
            for _ in range(3):
                found, again = await _all_ids(node)
                refused += again
                assert found == contests

    _log.info("moved %d slots, refused %d pages", moves.count, refused)


async def _all_ids(node: Node) -> tuple[list[str], int]:
    """Return the ids of all pages, and how many pages were refused."""
    found, refused, query = list[str](), 0, ContestsQuery("", "", 20)
    async with asyncio.timeout(60):
        while True:
            try:
                page = await node.contest_list.page(query)
            except StoreUnavailable:
                refused += 1
                continue
            found += (contest.contest_id for contest in page.contests)
            if not page.next_after:
                return found, refused
            query = query._replace(after=page.next_after)


@on_each_engine
async def test_a_user_is_exported_and_erased_everywhere(
    cluster: ClusterStores, contests: list[str], moves: _Moves, node: Node, tmp_path: Path
) -> None:
    """Every row once, and each contest takes one revision for the erasure."""
    before = [await node.store.position(name) for name in contests]
    async with ServiceProcess(tmp_path / "service", redis_url=cluster.url) as service:
        at = ("--server", service.address)
        async with moves.going_on():
            rows = (await _command("user", "export", "ada", *at)).out.splitlines()
            await _command("user", "erase", "ada", "--yes", *at)

        assert [json.loads(row)["contest_id"] for row in rows] == contests
        for name, position in zip(contests, before, strict=True):
            board = await top(service.stub, name)
            assert [user.user_id for user in board.users] == ["bo"]
            assert board.position.epoch == position.epoch
            assert board.position.revision == position.revision + 1
    _log.info("moved %d slots", moves.count)


@on_each_engine
async def test_every_contest_gets_a_new_epoch(
    cluster: ClusterStores, contests: list[str], moves: _Moves, node: Node
) -> None:
    """The command that is run after a restore counts all of them."""
    before = {(await node.store.position(name)).epoch for name in contests}
    async with moves.going_on():
        outcome = await _command("new-epoch", "--yes", "--redis-url", cluster.url)

    _log.info("moved %d slots", moves.count)
    assert f"in {len(contests)} contests" in outcome.out
    after = {(await node.store.position(name)).epoch for name in contests}
    assert len(before | after) == 2 * len(contests)


@on_each_engine
async def test_every_expired_contest_is_deleted(
    cluster: ClusterStores, contests: list[str], moves: _Moves, node: Node
) -> None:
    """And no other one; the registry forgets those, and keeps the others."""
    expiring = contests[::2]
    async with moves.going_on():
        for name in expiring:
            await _repeated(partial(node.store.contests.update, name, ContestSettings(), _EXPIRING))
        sweep = ExpirySweep(
            node.store.registry,
            node.store.contests,
            sweep_instruments(),
            cluster.shard_of,
            interval_s=0.1,
        )
        sweep.start()
        left = sorted({*contests} - {*expiring})

        async def all_deleted() -> bool:
            return (await _all_ids(node))[0] == left and sweep.found == len(left)

        await eventually(all_deleted, "the end of the expired contests", within=30)
        await sweep.close()

    _log.info("moved %d slots", moves.count)
