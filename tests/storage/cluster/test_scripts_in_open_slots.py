"""Scripts that write, in a slot that is being moved key by key: all of a script or nothing.

The nodes refuse a script that needs keys of both, and one that needs a key which does not exist.
What remains is a contest that has all keys: there a key that becomes empty is gone, and a later
command on it would break the script after its first write.
"""

import asyncio
import itertools
import re
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from redis.crc import key_slot

from harness.cluster import ClusterNodeProcess, ClusterStores
from harness.seasons import end_season
from harness.slot_move import SlotMove
from harness.uncounted import store_instruments
from leaderboard_server.domain.contest import ContestSettings
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.rules import RankStyle, Rules
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage import keys
from leaderboard_server.storage.backend import ClusterBackend
from leaderboard_server.storage.store import Retention, Store

SETTINGS = ContestSettings("Cup", Rules(rank_style=RankStyle.DENSE))
RENAMED = SETTINGS._replace(display_name="Bowl")
RETENTION = Retention()

_numbers = itertools.count()
_used = set[int]()
"""Slots that a contest of these tests has been in."""


def _store(backend: ClusterBackend, clock: Callable[[], float]) -> Store:
    instruments = store_instruments()
    return Store(
        backend.writes, backend.reads, RETENTION, instruments, in_cluster=True, clock=clock
    )


class _Contests:
    """Contests of one server, and of two with clocks that are ahead and behind.

    Each has one visible user, ada, and a hidden one, bob, in this season and in the one before; and
    every key that a contest can have.
    """

    def __init__(self, cluster: ClusterStores, backend: ClusterBackend) -> None:
        self._cluster = cluster
        self.store = _store(backend, time.time)
        self._behind = _store(backend, lambda: time.time() - RETENTION.requests_s)
        self._ahead = _store(backend, lambda: time.time() + RETENTION.requests_s)

    async def begin(self) -> str:
        """Begin a contest in a slot of its own of the first master, and return its id."""
        contest_id = next(
            name
            for name in (f"open-{number}" for number in _numbers)
            if self._cluster.shard_of(name) == 0 and key_slot(name.encode()) not in _used
        )
        _used.add(key_slot(contest_id.encode()))
        await self.store.contests.create(contest_id, SETTINGS)
        await self._write(self.store, contest_id, "first")
        await self.store.moderation.hide(contest_id, ("bob",))
        await end_season(self.store, contest_id)
        for store in (self._behind, self._ahead, self.store):
            await self._write(store, contest_id, "second")
        return contest_id

    async def _write(self, store: Store, contest_id: str, request: str) -> None:
        updates = [
            ScoreUpdate(contest_id, user_id, 7, request_id=f"{user_id}-{request}")
            for user_id in ("ada", "bob")
        ]
        await store.commit(contest_id, updates)


async def _end_epoch(store: Store, contest_id: str) -> None:
    position = await store.position(contest_id)
    await store.end_epoch(contest_id, position.epoch)


_Operation = Callable[[Store, str], Awaitable[object]]
OPERATIONS: dict[str, _Operation] = {
    "commit": lambda store, of: store.commit(
        of, [ScoreUpdate(of, "ada", 1), ScoreUpdate(of, "bob", 2)]
    ),
    "update_contest": lambda store, of: store.contests.update(of, SETTINGS, RENAMED),
    "remove_users": lambda store, of: store.moderation.remove(of, ("ada", "bob")),
    "hide_users": lambda store, of: store.moderation.hide(of, ("ada",)),
    "unhide_users": lambda store, of: store.moderation.unhide(of, ("bob",)),
    "erase_user": lambda store, of: store.moderation.erase(of, "ada"),
    "erase_hidden": lambda store, of: store.moderation.erase(of, "bob"),
    "erase_from_seasons": lambda store, of: store.seasons.erase(of, "ada", [1]),
    "erase_hidden_from_seasons": lambda store, of: store.seasons.erase(of, "bob", [1]),
    "new_season": end_season,
    "recover": _end_epoch,
    "delete_contest": lambda store, of: store.contests.delete(of, ""),
}


_OWN = re.compile(r"[0-9a-f]{16}-[0-9a-z-]+|\b\d{10,13}\b|\b\d+ (?=[\['])")
"""What is different in two contests: epochs, times, and the sequence numbers of commits."""
_SOME = (keys.board, keys.log, keys.seasons)
"""Keys that are moved before the others; every script needs one of them."""


@pytest.mark.parametrize(
    "moved",
    ["none", *(pytest.param(moved, marks=pytest.mark.slow) for moved in ("some", "all"))],
)
async def test_a_script_does_all_or_nothing(
    shared_cluster: ClusterStores, backend: ClusterBackend, moved: str
) -> None:
    """Also what a key becomes empty by; and what was refused works once the slot is closed."""
    contests = _Contests(shared_cluster, backend)

    tries = (_try(shared_cluster, contests, name, moved) for name in OPERATIONS)
    found = await asyncio.gather(*tries, return_exceptions=True)

    assert found == [None] * len(OPERATIONS)


async def _try(cluster: ClusterStores, contests: _Contests, name: str, moved: str) -> None:
    """Run an operation in an open slot, and compare it with the same one in a slot at rest."""
    operation = partial(OPERATIONS[name], contests.store)
    tried, at_rest = await contests.begin(), await contests.begin()
    await operation(at_rest)
    source, target = cluster.masters[:2]
    expected, before = await _contents(source, at_rest), await _contents(source, tried)
    async with SlotMove(key_slot(tried.encode()), source, target) as move:
        await move.open()
        if moved != "none":
            await move.move_keys(*(key(tried) for key in _SOME) if moved == "some" else ())
        refused = False
        try:
            await operation(tried)
        except StoreUnavailable:
            refused = True
        await move.move_keys()
        await move.give()
    if refused:
        # A deletion is refused when it looks whether the contest has begun again.
        assert await _contents(target, tried) in (before, expected), f"{name}: half of it"
        await operation(tried)
    assert await _contents(target, tried) == expected, name


async def _contents(node: ClusterNodeProcess, contest_id: str) -> dict[str, Any]:
    """Return what a contest holds, by key, without what differs between two contests."""
    contents = dict[str, Any]()
    found: object = None
    async with node.client() as client:
        slot = key_slot(contest_id.encode())
        for name in await node.run("CLUSTER GETKEYSINSLOT", slot, 100):
            match await client.type(name):
                case "hash":
                    found = sorted((await client.hgetall(name)).items())
                case "zset":
                    found = await client.zrange(name, 0, -1, withscores=True)
                case "stream":
                    found = await client.xrange(name)
            contents[name.partition("}")[2]] = _OWN.sub("*", repr(found))
    return contents
