"""The end of a season while the settings of its contest change."""

from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import Redis

from harness.seasons import end_season
from harness.store_connection import CallingConnection
from harness.uncounted import store_instruments
from leaderboard_server.domain.contest import ContestSettings
from leaderboard_server.domain.seasons import SeasonsQuery
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from leaderboard_server.storage.resp_protocol import Argument
from leaderboard_server.storage.scripts import NEW_SEASON
from leaderboard_server.storage.store import Retention, Store
from storage.contest import CONTEST, add, commit


class _LateConnection(CallingConnection):
    """A connection on which something happens right before the first end of a season."""

    def __init__(
        self, connection: PipelinedConnection, happens: Callable[[], Awaitable[object]]
    ) -> None:
        super().__init__()
        self._connection = connection
        self._happens = [happens]

    async def call(self, *command: Argument) -> Any:
        """See `PipelinedConnection.call`."""
        if command[1] == NEW_SEASON.sha and self._happens:
            await self._happens.pop()()
        return await self._connection.call(*command)


async def test_seasons_that_are_to_be_kept_by_then_are_kept(redis: Redis) -> None:
    """Also if the server that ends a season has read before that fewer are to be kept."""
    connection = PipelinedConnection(redis)
    store = Store(connection, connection, Retention(), store_instruments())
    few, many = ContestSettings(keep_seasons=1), ContestSettings(keep_seasons=5)
    await store.contests.create(CONTEST, few)
    await commit(store, add("ada"))
    await end_season(store, CONTEST)

    late = _LateConnection(connection, lambda: store.contests.update(CONTEST, few, many))
    await end_season(Store(late, late, Retention(), store_instruments()), CONTEST)

    page = await store.seasons.list(SeasonsQuery(CONTEST, 10))
    assert page
    assert [season.number for season in page.seasons] == [3, 2, 1]
    assert await store.seasons.top(CONTEST, 1, 1, 10)
    await connection.close()
