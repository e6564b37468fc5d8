"""Finds all contests of a store, also those that the registry lacks."""

from collections.abc import AsyncIterator

from redis.exceptions import RedisError

from leaderboard_server.storage import keys
from leaderboard_server.storage.refusals import failure_of
from leaderboard_server.storage.script_runner import StoreConnection

_KEYS_AT_ONCE = 1_000
"""Keys that the store looks at in one call, which takes it about a millisecond."""


async def contest_ids(connection: StoreConnection) -> AsyncIterator[str]:
    """Yield each contest that has a position, once.

    Contests that begin meanwhile may be left out.

    Raises:
        StoreUnavailable: The store is unreachable, did not reply in time, or refuses the call.
    """
    cursor, seen = 0, set[str]()
    while True:
        try:
            reply = await connection.call(
                "SCAN", cursor, "MATCH", keys.meta("*"), "COUNT", _KEYS_AT_ONCE
            )
        except (RedisError, OSError) as error:
            raise failure_of(error) from error
        cursor, found = int(reply[0]), reply[1]
        for name in found:
            contest_id = keys.contest_of_meta(name.decode())
            if contest_id not in seen:
                seen.add(contest_id)
                yield contest_id
        if not cursor:
            return
