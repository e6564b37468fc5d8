"""Lists the contests of a store."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from leaderboard_server.storage import keys
from leaderboard_server.storage.refusals import failure_of

_KEYS_AT_ONCE = 1_000
"""Keys that the store looks at in one call, which takes it about a millisecond."""
_TIMEOUT_S = 5.0


async def contest_ids(driver: Redis) -> AsyncIterator[str]:
    """Yield each contest that has a position, once.

    Contests that begin meanwhile may be left out.

    Raises:
        StoreUnavailable: The store is unreachable, did not reply in time, or refuses the call.
    """
    scan: Any = driver.scan  # the driver's type allows for text too
    cursor, seen = 0, set[str]()
    while True:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                cursor, found = await scan(cursor, keys.meta("*"), _KEYS_AT_ONCE)
        except (RedisError, OSError) as error:
            raise failure_of(error) from error
        for name in found:
            contest_id = keys.contest_of_meta(name.decode())
            if contest_id not in seen:
                seen.add(contest_id)
                yield contest_id
        if not cursor:
            return
