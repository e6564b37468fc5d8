"""The registry of the store: the ids of all contests, in parts that can be read in order.

The id of a contest is written before its first commit, so no contest is missing. Some ids have no
contest, as where that commit was refused. A store that an earlier version wrote has no registry:
it is filled by a scan before it is read for the first time.
"""

import asyncio
from collections.abc import Hashable, Sequence
from functools import partial
from typing import Any

import structlog

from leaderboard_server.callbacks import Done, settle
from leaderboard_server.storage import keys, scripts
from leaderboard_server.storage.contests import contest_ids
from leaderboard_server.storage.resp_protocol import Argument
from leaderboard_server.storage.script_runner import ScriptRunner
from leaderboard_server.storage.store_connection import StoreConnection
from leaderboard_server.tasks import SingleFlight

_log = structlog.get_logger()

_MAX_KNOWN = 65_536
"""How many contests are known to be registered; one that is dropped is registered again."""
_IDS_AT_ONCE = 1_000
"""Ids that are written in one call."""
_AFTER_ALL_IDS = "\x7f"
"""A character that comes after all characters of ids."""
_UNKNOWN = object()


class ContestRegistry:
    """Registers contests, and reads the registry. Lives as long as the store."""

    def __init__(self, writes: ScriptRunner, reads: ScriptRunner, scanned: StoreConnection) -> None:
        """Write and read through these; look for contests through `scanned`."""
        self._writes = writes
        self._reads = reads
        self._scanned = scanned
        self._known: dict[str, Hashable] = {}
        """Contests that are registered as this server knows, and the shard that has the entry, in
        the order in which they were registered. Another one that takes its place may lack it."""
        self._filling = SingleFlight(self._fill, name="fill-registry")

    def shard_of(self, part: int) -> Hashable:
        """Return what stands for the shard that a part is on at present."""
        return self._scanned.shard_of(keys.registry(part))

    def knows(self, contest_id: str) -> bool:
        """Return whether a contest is registered as far as this server knows."""
        return self._known.get(contest_id, _UNKNOWN) is self._shard_for(contest_id)

    def is_apart(self, contest_id: str, shard: Hashable) -> bool:
        """Return whether the entry of a contest is on another shard than this one."""
        return self._shard_for(contest_id) is not shard

    def note_registered(self, contest_id: str) -> None:
        """Remember that a contest is registered: it exists, so its first server did that."""
        self._remember(contest_id, self._shard_for(contest_id))

    async def register(self, contest_id: str) -> None:
        """Add a contest.

        Raises:
            StoreFailure: The store is away or full.
        """
        result: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.start_registering(contest_id, partial(settle, result))
        await result

    def start_registering(self, contest_id: str, done: Done[None]) -> None:
        """Add a contest, and pass on None or the error."""
        shard = self._shard_for(contest_id)
        parameters = (1, keys.registry_of(contest_id), contest_id)

        def on_reply(reply: int | Exception) -> None:
            if isinstance(reply, Exception):
                if contest_id in self._known:
                    self._known[contest_id] = _UNKNOWN
                done(reply)
            else:
                self._remember(contest_id, shard)
                done(None)

        self._writes.start(scripts.REGISTER_CONTEST, lambda: parameters, int, on_reply)

    def _shard_for(self, contest_id: str) -> Hashable:
        return self._scanned.shard_of(keys.registry_of(contest_id))

    def _remember(self, contest_id: str, shard: Hashable) -> None:
        if contest_id not in self._known and len(self._known) >= _MAX_KNOWN:
            del self._known[next(iter(self._known))]
        self._known[contest_id] = shard

    def forget(self, contest_id: str) -> None:
        """Let the next commit of a contest register it again."""
        self._known.pop(contest_id, None)

    def lost_entries(self) -> list[str]:
        """Return the contests whose entries may be lost, as another node has got their part since.

        The next commit of each registers it again; but there may be none.
        """
        return [each for each, shard in self._known.items() if shard is not self._shard_for(each)]

    async def unregister(self, contest_id: str) -> None:
        """Remove a contest.

        Raises:
            StoreFailure: The store is away.
        """
        self.forget(contest_id)
        parameters = (1, keys.registry_of(contest_id), contest_id)
        await self._writes.run(scripts.UNREGISTER_CONTEST, lambda: parameters, int)
        _log.debug("contest_unregistered", contest_id=contest_id)

    def on_new_epoch(self, contest_id: str) -> None:
        """Add a contest of this server again.

        The store may have lost the registry too, or the contest was deleted, and removed from the
        registry after it was added before. If that fails, the next commit adds it.
        """
        if contest_id in self._known:
            self.start_registering(contest_id, lambda _: None)

    async def read(self, part: int, id_prefix: str, after: str, count: int) -> list[str]:
        """Read up to `count` ids of a part, in order.

        Args:
            part: The part, from 0 to 63.

            id_prefix: The beginning of the ids.

            after: The id that all ids come after; empty for the first ones.

            count: How many, at least 1.

        Raises:
            StoreFailure: The store is away, or the registry had to be filled and was refused.
        """
        first = "(" + after if after >= id_prefix else "[" + id_prefix
        last = f"({id_prefix}{_AFTER_ALL_IDS}"
        for _ in range(2):
            found = await self._read(part, first, last, count, require_complete=1)
            if found is not None:
                return found
            await self._filling.run()
        # The store is emptied again and again: there is nothing to read.
        return []

    async def read_as_it_is(self, part: int, after: str, count: int) -> list[str]:
        """Read ids of a part as `read` does, also where it is not complete.

        Raises:
            StoreFailure: The store is away.
        """
        last = f"({_AFTER_ALL_IDS}"
        return await self._read(part, f"({after}", last, count, require_complete=0) or []

    async def _read(
        self, part: int, first: str, last: str, count: int, *, require_complete: int
    ) -> list[str] | None:
        """Read ids between two bounds, None if the part is not complete and has to be."""
        parameters = (1, keys.registry(part), first, last, count, require_complete)
        return await self._reads.run(scripts.REGISTERED_CONTESTS, lambda: parameters, _decode_ids)

    async def _fill(self) -> None:
        """Add the contests that exist, and mark all parts as complete."""
        parts: list[list[str]] = [[] for _ in range(keys.REGISTRY_PARTS)]
        found = 0
        async for contest_id in contest_ids(self._scanned):
            part = keys.registry_part(contest_id)
            parts[part].append(contest_id)
            found += 1
            if len(parts[part]) == _IDS_AT_ONCE:
                await self._add(part, parts[part])
                parts[part] = []
        for part, rest in enumerate(parts):
            await self._add(part, (*rest, ""))
        _log.debug("registry_filled", contests=found)

    async def _add(self, part: int, contests: Sequence[str]) -> None:
        parameters: tuple[Argument, ...] = (1, keys.registry(part), *contests)
        await self._writes.run(scripts.FILL_REGISTRY, lambda: parameters, int)


def _decode_ids(reply: list[Any] | None) -> list[str] | None:
    return None if reply is None else [contest_id.decode() for contest_id in reply]
