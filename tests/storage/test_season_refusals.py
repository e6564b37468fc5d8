"""Ends of seasons and erasures from kept ones where the store is full or a right is missing."""

import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from harness.refusals import dumped
from harness.seasons import end_season
from harness.stores import StoreProcess
from harness.uncounted import store_instruments
from leaderboard_server.domain.contest import ContestSettings
from leaderboard_server.domain.errors import StoreFull, StoreUnavailable
from leaderboard_server.domain.rules import RankStyle, Rules
from leaderboard_server.domain.seasons import SeasonsQuery
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from leaderboard_server.storage.store import Retention, Store
from storage.contest import CONTEST, add, commit

_RIGHTS = (
    *("zrem", "zscore", "zrevrank", "zcount", "zcard", "hset", "hdel", "hincrby", "hmget"),
    *("rename", "copy", "hkeys", "exists", "xadd", "xrevrange", "unlink", "hlen"),
)


@pytest_asyncio.fixture(name="server")
async def _server(redis: Redis) -> AsyncIterator[Store]:
    """Yield the store of a server, with two kept seasons of which only one is to be kept."""
    connection = PipelinedConnection(redis)
    server = Store(connection, connection, Retention(), store_instruments())
    settings = ContestSettings(rules=Rules(rank_style=RankStyle.DENSE))
    await server.contests.create(CONTEST, settings)
    for _ in range(2):
        await commit(server, *(add(user_id, 5) for user_id in ("ada", "bo", "cy")))
        await server.moderation.hide(CONTEST, ("cy",))
        await end_season(server, CONTEST)
    await server.contests.update(CONTEST, settings, settings._replace(keep_seasons=1))
    await commit(server, add("ada"), add("cy"))
    yield server
    await connection.close()


@pytest.mark.parametrize("right", _RIGHTS)
async def test_season_without_a_right_is_whole_or_not_at_all(
    server: Store, redis: Redis, store: StoreProcess, right: str
) -> None:
    """A user that lacks a right of a script is refused before the first write."""
    await redis.acl_setuser(
        "server", enabled=True, passwords="+x", keys=["*"], commands=["+@all", f"-{right}"]
    )
    driver = connect(f"redis://server:x@127.0.0.1:{store.port}")
    connection = PipelinedConnection(driver)
    limited = Store(connection, connection, Retention(), store_instruments()).seasons
    for change in (limited.erase(CONTEST, "ada", (1, 2)), limited.end(CONTEST, 3)):
        before = await dumped(redis, CONTEST)
        with contextlib.suppress(StoreUnavailable):
            await change
            continue  # it does not need the right
        assert await dumped(redis, CONTEST) == before
    await connection.close()
    await driver.aclose()
    await redis.acl_deluser("server")


async def test_full_store_ends_seasons_and_erases_from_them(server: Store, redis: Redis) -> None:
    """Both make room. Kept seasons are read and listed as ever."""
    used: int = (await redis.info("memory"))["used_memory"]
    await redis.config_set("maxmemory", used - 100_000)
    try:
        with pytest.raises(StoreFull):
            await server.commit(CONTEST, (add("ada"),))
        assert (await server.seasons.erase(CONTEST, "ada", (1, 2))).holders == 2
        assert await end_season(server, CONTEST) == 3
        page = await server.seasons.list(SeasonsQuery(CONTEST, 10))
        assert page
        assert [season.number for season in page.seasons] == [4, 3]
        top = await server.seasons.top(CONTEST, 3, 1, 10)
        assert top
        assert [user.user_id for user in top.users] == ["ada"]
    finally:
        await redis.config_set("maxmemory", 0)
