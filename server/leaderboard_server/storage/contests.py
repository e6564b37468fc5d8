"""Finds all contests of a store, also those that the registry lacks."""

from collections.abc import AsyncIterator

from redis.exceptions import RedisError

from leaderboard_server.storage import keys
from leaderboard_server.storage.refusals import failure_of
from leaderboard_server.storage.store_connection import Layout, StoreConnection

_KEYS_AT_ONCE = 1_000
"""Keys that the store looks at in one call, which takes it about a millisecond."""


async def contest_ids(connection: StoreConnection) -> AsyncIterator[str]:
    """Yield each contest that has a position, once.

    Contests that begin meanwhile may be left out. Those that move from one node of a cluster to
    another are not: all nodes are read again if any moved, and what moves once stays where it is
    during one of the two.

    Raises:
        StoreUnavailable: The store is unreachable, did not reply in time, or refuses the call.
    """
    seen = set[str]()
    for _ in range(2):
        layout = await _layout(connection)
        for shard in layout.shards:
            async for contest_id in _of_shard(shard):
                if contest_id not in seen:
                    seen.add(contest_id)
                    yield contest_id
        if not layout.moving and (await _layout(connection)).version == layout.version:
            return


async def _layout(connection: StoreConnection) -> Layout:
    try:
        return await connection.layout()
    except (RedisError, OSError) as error:
        raise failure_of(error) from error


async def _of_shard(shard: StoreConnection) -> AsyncIterator[str]:
    """Yield the contests of a part of the store, some of them twice."""
    cursor = 0
    while True:
        try:
            reply = await shard.call(
                "SCAN", cursor, "MATCH", keys.meta("*"), "COUNT", _KEYS_AT_ONCE
            )
        except (RedisError, OSError) as error:
            raise failure_of(error) from error
        cursor, found = int(reply[0]), reply[1]
        for name in found:
            yield keys.contest_of_meta(name.decode())
        if not cursor:
            return
