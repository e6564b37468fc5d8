"""Has a real store refuse writes, for each cause that there is, and reads all that it holds."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from harness.ports import free_port
from harness.stores import StoreProcess
from harness.waiting import eventually


@dataclass(frozen=True)
class Refusal:
    """A state in which a store takes no writes.

    Attributes:
        cause: Its name in the details of a status; empty for a full store.
        begin: Brings a store into the state.
        end: Brings it out of the state.
    """

    cause: str
    begin: Callable[[StoreProcess, Redis], Awaitable[None]]
    end: Callable[[StoreProcess, Redis], Awaitable[None]]

    @contextlib.asynccontextmanager
    async def of(self, store: StoreProcess) -> AsyncIterator[None]:
        """Keep a store in the state for a block."""
        async with store.client() as client:
            await self.begin(store, client)
            try:
                yield
            finally:
                await self.end(store, client)


async def _fill(_: StoreProcess, client: Redis) -> None:
    await client.config_set("maxmemory", 1)


async def _make_room(_: StoreProcess, client: Redis) -> None:
    await client.config_set("maxmemory", 0)


async def _require_replica(_: StoreProcess, client: Redis) -> None:
    await client.config_set("min-replicas-to-write", 1)


async def _require_none(_: StoreProcess, client: Redis) -> None:
    await client.config_set("min-replicas-to-write", 0)


async def _make_replica(_: StoreProcess, client: Redis) -> None:
    await client.replicaof("127.0.0.1", str(free_port()))


async def _make_primary(_: StoreProcess, client: Redis) -> None:
    await client.replicaof("NO", "ONE")


async def _fail_save(store: StoreProcess, client: Redis) -> None:
    await client.config_set("save", "3600 1000000")
    (store.data_folder / "dump.rdb").mkdir()  # a snapshot can't be moved over a folder
    await _save(client, "err")


async def _save_again(store: StoreProcess, client: Redis) -> None:
    (store.data_folder / "dump.rdb").rmdir()
    await _save(client, "ok")
    await client.config_set("save", "")


async def _save(client: Redis, status: str) -> None:
    await client.bgsave()

    async def ended() -> bool:
        state: dict[str, Any] = await client.info("persistence")
        return (state["rdb_bgsave_in_progress"], state["rdb_last_bgsave_status"]) == (0, status)

    await eventually(ended, f"a snapshot that ends with {status}")


FULL = Refusal("", _fill, _make_room)
SAVE_FAILED = Refusal("save_failed", _fail_save, _save_again)
REFUSALS = (
    FULL,
    Refusal("too_few_replicas", _require_replica, _require_none),
    Refusal("read_only", _make_replica, _make_primary),
    SAVE_FAILED,
)


async def dumped(client: Redis, contest_id: str = "*") -> dict[str, object]:
    """Return all keys of a store, or those of a contest, with what they hold."""
    found: dict[str, object] = {}
    async for key in client.scan_iter(f"leaderboard:contest:{{{contest_id}}}*", count=1_000):
        kind = await client.type(key)
        if kind in {"zset", b"zset"}:
            found[str(key)] = await client.zrange(key, 0, -1, withscores=True)
        elif kind in {"stream", b"stream"}:
            found[str(key)] = await client.xrange(key)
        else:
            found[str(key)] = await client.hgetall(key)
    return found
