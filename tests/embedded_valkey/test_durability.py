"""Promise 9, durability: an embedded store keeps acknowledged writes after every kill."""

import asyncio
import itertools
import os
import signal
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from embedded_valkey.counting_service import process_of
from embedded_valkey.embedded_stores import (
    BOTH_LOOPS,
    CountingService,
    counted_in,
    newest_append_file,
    no_store_in,
    running,
    stores_in,
)
from harness.waiting import eventually
from leaderboard_server.embedded_valkey import store


async def test_data_survive_a_restart(data_dir: Path) -> None:
    """The next run has the writes of the one before."""
    async with running(data_dir) as client:
        await client.zadd("board", {"ann": 3, "bob": 5})
    async with running(data_dir) as client:
        assert await client.zrange("board", 0, -1) == [b"ann", b"bob"]


async def test_acknowledged_writes_survive_a_kill_of_the_store(data_dir: Path) -> None:
    """A store that is killed during writes restarts with every acknowledged write."""
    acknowledged: set[bytes] = set()
    numbers = itertools.count()

    written = asyncio.Event()

    async def write(client: Redis) -> None:
        """Write each number once, and collect the acknowledged ones."""
        while not written.is_set():
            number = str(next(numbers)).encode()
            try:
                await client.sadd("written", number)
            except RedisError:
                await asyncio.sleep(0.01)
            else:
                acknowledged.add(number)

    async with running(data_dir) as client, asyncio.TaskGroup() as tasks:
        for _ in range(16):
            tasks.create_task(write(client))
        for _ in range(3):
            enough = len(acknowledged) + 500
            await eventually(lambda: len(acknowledged) > enough, "500 writes")  # noqa: B023
            os.kill(await process_of(client), signal.SIGKILL)
        enough = len(acknowledged) + 100
        await eventually(lambda: len(acknowledged) > enough, "writes after the last kill")
        written.set()
    async with running(data_dir) as client:
        assert acknowledged <= await client.smembers("written")


async def test_write_is_on_disk_before_it_is_acknowledged(data_dir: Path) -> None:
    """Every write is synced, no write waits for the sync of another, and nothing is evicted."""
    async with running(data_dir) as client:
        settings = await client.config_get("*")
    assert settings["appendfsync"] == "always"
    assert settings["no-appendfsync-on-rewrite"] == "no"
    assert settings["maxmemory-policy"] == "noeviction"


@BOTH_LOOPS
async def test_killed_service_ends_its_store(data_dir: Path, loop: str) -> None:
    """A kill of the service ends its store; the next one has every acknowledged write."""
    service = CountingService(data_dir, loop)
    await service.counting()
    await service.kill()
    await no_store_in(data_dir)
    async with running(data_dir) as client:
        assert await counted_in(client) >= service.acknowledged()


@BOTH_LOOPS
async def test_start_right_after_a_kill_works(data_dir: Path, loop: str) -> None:
    """Each start works at once, even if the service before was killed during its start."""
    for at_least in (1, 0, 5, 0):
        service = CountingService(data_dir, loop)
        await eventually((data_dir / "store.lock").exists, "the lock of the store")
        await service.counting(at_least=at_least)
        before = service.acknowledged()
        service.process.signal(signal.SIGKILL)
        async with running(data_dir) as client:
            assert await counted_in(client) >= before
            assert stores_in(data_dir) == [await process_of(client)]


async def test_torn_write_is_dropped(data_dir: Path) -> None:
    """A half-written write is dropped, and the store starts with all writes before it."""
    async with running(data_dir) as client:
        await client.set("whole", "kept")
    with newest_append_file(data_dir).open("ab") as writes:
        writes.write(b"*3\r\n$3\r\nSET\r\n$4\r\nto")
    async with running(data_dir) as client:
        assert await client.keys() == [b"whole"]


async def test_store_is_open_once_it_has_loaded(data_dir: Path) -> None:
    """The first command after the start finds all data, however long loading takes."""
    fill = "for i = 1, 300000 do redis.call('SET', 'key' .. i, i) end"
    async with running(data_dir) as client:
        await client.eval(fill, 0)
    async with running(data_dir) as client:
        assert await client.dbsize() == 300_000


async def test_hanging_store_is_killed(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that does not react to SIGTERM is killed, and has lost nothing."""
    monkeypatch.setattr(store, "STOP_TIMEOUT_S", 0.1)
    async with running(data_dir) as client:
        await client.set("before", "kept")
        os.kill(await process_of(client), signal.SIGSTOP)
    assert stores_in(data_dir) == []
    async with running(data_dir) as client:
        assert await client.get("before") == b"kept"
