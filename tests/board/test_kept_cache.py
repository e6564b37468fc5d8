"""The cache of kept seasons: bounded by rows, and without what a contest had before a change."""

import asyncio

import pytest

from harness.season_reader import Clock
from leaderboard_server.board import kept_cache
from leaderboard_server.board.kept_cache import MAX_ROWS, TTL_S, KeptCache, KeptRead
from leaderboard_server.domain.position import Position

POSITION = Position("e", 1)


def read_of(text: str, rows: int = 1) -> KeptRead[str]:
    """Return a read of a kept season."""
    return KeptRead(text, POSITION, rows)


async def put(cache: KeptCache, contest_id: str, query: str, read: KeptRead[str]) -> None:
    """Have the cache keep a read."""

    async def work() -> KeptRead[str]:
        return read

    assert await cache.read(contest_id, query, work) == read


async def test_rows_are_bounded() -> None:
    """The reads that were used least recently leave it, however few rows the others have."""
    cache = KeptCache(Clock())
    rows = MAX_ROWS // 4
    for number in range(3):
        await put(cache, "cup", f"q{number}", read_of("large", rows))
    assert cache.get("cup", "q0")

    await put(cache, "cup", "q3", read_of("large", rows))
    await put(cache, "cup", "q4", read_of("small"))

    kept = [number for number in range(5) if cache.get("cup", f"q{number}")]
    assert kept == [0, 2, 3, 4]


async def test_reads_grow_old() -> None:
    """Each is kept for a time from when it was read, however often it is used."""
    clock = Clock()
    cache = KeptCache(clock)
    await put(cache, "cup", "q", read_of("first"))

    clock.now_s += TTL_S - 1
    assert cache.get("cup", "q") == read_of("first")
    clock.now_s += 1
    assert cache.get("cup", "q") is None


async def test_contest_is_forgotten_with_reads_in_flight() -> None:
    """What was being read is returned to those that wait for it, and to nobody else."""
    clock, gate = Clock(), asyncio.Event()
    cache = KeptCache(clock)
    texts = iter(("first", "second"))

    async def work() -> KeptRead[str]:
        text = next(texts)
        await gate.wait()
        return read_of(text)

    await put(cache, "cup", "other", read_of("before"))
    await put(cache, "another", "q", read_of("stays"))
    before = asyncio.create_task(cache.read("cup", "q", work))
    await asyncio.sleep(0)

    cache.forget("cup")
    after = asyncio.create_task(cache.read("cup", "q", work))
    await asyncio.sleep(0)
    gate.set()

    assert [(await read).result for read in (before, after)] == ["first", "second"]
    assert cache.get("cup", "q") == read_of("second")
    assert cache.get("cup", "other") is None
    assert cache.get("another", "q") == read_of("stays")
    clock.now_s += 2 * TTL_S
    assert cache.get("cup", "other") is None


async def test_forgotten_contests_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a number of them nothing is kept of any contest; no earlier read is found again."""
    monkeypatch.setattr(kept_cache, "MAX_FORGOTTEN", 3)
    cache, gate = KeptCache(Clock()), asyncio.Event()

    async def work() -> KeptRead[str]:
        await gate.wait()
        return read_of("in flight")

    await put(cache, "cup", "q", read_of("before"))
    await put(cache, "another", "q", read_of("before"))
    in_flight = asyncio.create_task(cache.read("another", "slow", work))
    await asyncio.sleep(0)
    for contest_id in ("cup", "a", "b"):
        cache.forget(contest_id)
    assert cache.get("another", "q")

    cache.forget("c")
    gate.set()
    await in_flight

    queries = [("cup", "q"), ("another", "q"), ("another", "slow")]
    assert [cache.get(*query) for query in queries] == [None] * 3
    await put(cache, "another", "q", read_of("after"))
    assert cache.get("another", "q") == read_of("after")
