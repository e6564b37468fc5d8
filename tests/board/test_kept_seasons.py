"""Reads of a season: the current one as it is, kept ones from memory for a while."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from harness.node import Node
from harness.season_reader import SeasonReader, reading
from harness.seasons import end_season
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard_server.board.kept_cache import TTL_S
from leaderboard_server.domain.errors import (
    PositionUnreachable,
    ReadQueueFull,
    SeasonNotFound,
    UserNotFound,
)
from leaderboard_server.domain.position import Position
from leaderboard_server.service.leaderboard import MAX_ROWS_QUEUED
from leaderboard_server.storage import keys

CONTEST = "cup"


@pytest_asyncio.fixture(name="server")
async def _server(store: StoreProcess) -> AsyncIterator[SeasonReader]:
    """Yield a server that reads the contest."""
    async with reading(store.url, CONTEST) as reader:
        yield reader


@pytest_asyncio.fixture(name="second")
async def _second(store: StoreProcess) -> AsyncIterator[SeasonReader]:
    """Yield a second server on the same store."""
    async with reading(store.url, CONTEST) as reader:
        yield reader


async def play(node: Node, seasons: int) -> None:
    """Write to several seasons, and end all but the last one."""
    for season in range(1, seasons + 1):
        for points, user_id in enumerate(("ada", "bo", "cy"), season):
            await node.add(CONTEST, user_id, points)
        if season < seasons:
            await end_season(node.store, CONTEST)


async def drop(redis: Redis, season: int) -> None:
    """Delete a kept season from the store."""
    await redis.unlink(*keys.of_seasons(CONTEST, (season,)))
    await redis.hdel(keys.seasons(CONTEST), str(season))


async def calls(redis: Redis) -> int:
    """Return how many scripts the store has run."""
    stats = await redis.info("commandstats")
    return sum(int(stats[name]["calls"]) for name in ("cmdstat_evalsha", "cmdstat_eval"))


async def test_season_is_read_by_its_number(server: SeasonReader) -> None:
    """Each one as it was at its end, and -1 is the one before the current one."""
    at_end = {}
    for season in (1, 2, 3):
        for points, user_id in enumerate(("ada", "bo", "cy"), season):
            await server.node.add(CONTEST, user_id, points)
        at_end[season] = await server.everything(0)
        assert await server.everything(season) == at_end[season]
        if season < 3:
            await end_season(server.node.store, CONTEST)

    for season in (1, 2, 3):
        assert await server.everything(season) == at_end[season]
        assert {result.position.season for result in at_end[season]} == {season}
    assert await server.everything(-1) == at_end[2]
    with pytest.raises(UserNotFound):
        await server.rank(2, "zoe")


@pytest.mark.parametrize("season", [-1, 1, 2, 9])
async def test_season_that_there_is_not(server: SeasonReader, season: int) -> None:
    """None of a contest that does not exist, nor later ones than the current one."""
    for read in server.reads(season):
        with pytest.raises(SeasonNotFound) as refused:
            await read
        assert refused.value.season == season
    if season == 1:
        return
    await server.node.add(CONTEST, "ada")
    for read in server.reads(season):
        with pytest.raises(SeasonNotFound):
            await read


async def test_kept_season_is_kept_in_memory_for_a_while(
    server: SeasonReader, redis: Redis
) -> None:
    """Its results come from there, and are read again when they are old."""
    await play(server.node, 3)
    first = await server.everything(1)
    await drop(redis, 1)

    server.clock.now_s += TTL_S - 1
    assert await server.everything(1) == first

    server.clock.now_s += 1
    for read in server.reads(1):
        with pytest.raises(SeasonNotFound):
            await read


async def test_equal_reads_share_one_call(each_store: StoreProcess) -> None:
    """A hundred readers at once cost the store a position and a page; later ones nothing."""
    # A store of its own: the calls of servers of other tests would count.
    async with reading(each_store.url, CONTEST) as server, each_store.client() as redis:
        await play(server.node, 2)
        await server.top(1, start=2)  # the store then knows the scripts
        before = await calls(redis)

        pages = await asyncio.gather(*(server.top(1) for _ in range(100)))
        assert await calls(redis) == before + 2
        assert {id(page) for page in pages} == {id(pages[0])}

        await asyncio.gather(*(server.top(1) for _ in range(100)))
        assert await calls(redis) == before + 2
        await asyncio.gather(*(server.top(-1) for _ in range(100)))
        assert await calls(redis) == before + 3


async def test_reader_that_leaves_lets_others_have_the_page(server: SeasonReader) -> None:
    """The call goes on for the others."""
    await play(server.node, 2)
    readers = [asyncio.create_task(server.users(1)) for _ in range(3)]
    await asyncio.sleep(0)

    readers[0].cancel()

    assert (await readers[1]).users == (await readers[2]).users
    assert readers[0].cancelled()


async def test_erasure_is_seen_at_once_here_and_soon_elsewhere(
    server: SeasonReader, second: SeasonReader
) -> None:
    """The server that erases answers without the user; others once what they have is old."""
    await play(server.node, 3)
    before = await server.everything(1)
    assert await second.everything(1) == before

    part = await server.node.moderation.erase("bo", "")

    assert part.contests_changed == 1
    assert await second.everything(1) == before
    second.clock.now_s += TTL_S
    for reader in (server, second):
        page, standing, users, score = await reader.everything(1)
        assert [user.user_id for user in page.users] == ["cy", "ada"]
        assert (standing.user.rank, standing.total_users) == (2, 2)
        assert (len(users.users), users.missing) == (1, ("bo", "zoe"))
        assert (score.total_users, len(score.around)) == (2, 2)
        with pytest.raises(UserNotFound):
            await reader.rank(1, "bo")
        epoch, revision = before[0].position
        for result in (page, standing, users, score):
            assert result.position == Position(epoch, revision + 1)


async def test_position_that_a_reader_has_seen(server: SeasonReader, second: SeasonReader) -> None:
    """After an erasure elsewhere the season is read again; other positions can't be reached."""
    await play(server.node, 2)
    await second.everything(1)
    await server.node.moderation.erase("bo", "")
    after = (await server.top(1)).position

    for read in second.reads(1, after):
        assert (await read).position == after
    current = (await server.top(0)).position
    for later in (Position(after.epoch, after.revision + 1), current, Position("other", 1)):
        for read in second.reads(1, later):
            with pytest.raises(PositionUnreachable) as refused:
                await read
            assert refused.value.current == after


async def test_season_that_ends_while_it_is_read(
    server: SeasonReader, second: SeasonReader
) -> None:
    """A server that doesn't know of the end yet answers with the season that was asked for."""
    await play(server.node, 1)
    before = await server.everything(1)
    await end_season(second.node.store, CONTEST)
    await second.node.add(CONTEST, "zoe", 9)

    assert await server.everything(1) == before
    for read in server.reads(1, before[0].position):
        assert (await read).position == before[0].position
    with pytest.raises(UserNotFound):
        await server.rank(1, "zoe")
    assert (await server.rank(2, "zoe")).user.score == 9


async def test_deleted_contest_has_no_seasons(server: SeasonReader, second: SeasonReader) -> None:
    """Nor those that were read before, on the server that deletes it and where it is followed."""
    await play(server.node, 2)
    await second.top(0)
    for reader in (server, second):
        await reader.everything(1)

    await server.node.deletion.delete(CONTEST, "")

    for read in server.reads(1):
        with pytest.raises(SeasonNotFound):
            await read

    async def gone() -> bool:
        with pytest.raises(SeasonNotFound):
            await second.top(1)
        return True

    await eventually(gone, "the second server follows the deletion")
    for read in second.reads(1):
        with pytest.raises(SeasonNotFound):
            await read


async def test_large_pages_take_their_turn(server: SeasonReader) -> None:
    """Pages of kept seasons wait in the queue of pages, which rejects some beyond its limit."""
    await play(server.node, 2)
    limit = 1_000
    pages = [server.top(1, start, limit) for start in range(1, 10 + MAX_ROWS_QUEUED // limit)]

    results = await asyncio.gather(*pages, return_exceptions=True)

    rejected = [result for result in results if isinstance(result, ReadQueueFull)]
    assert 0 < len(rejected) < len(results)
    assert await server.top(1, len(results), limit)
    assert await server.top(1)
