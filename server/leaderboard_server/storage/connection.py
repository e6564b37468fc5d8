"""The connection to the store: opened from a URL, and its errors put into the domain's words."""

from typing import Any

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.storage.sentinel import SCHEMES, sentinel_pool

_log = structlog.get_logger()

CONNECTIONS = 64
"""How many connections a server opens at most; more calls wait for one."""


CONNECT_S = 1.0
"""How long connecting may take; a store on the same network needs milliseconds."""


class StoreUrlInvalid(Exception):
    """The driver can't use the URL, which is not shown, since it may hold a password."""

    def __init__(self) -> None:
        super().__init__("the URL of the store is not valid")


def connect(url: str) -> Redis:
    """Return a client that never resends a command by itself; it connects when it is used.

    Nor does it limit how long an answer may take: its own limit makes a task for each command, and
    on Python 3.11 that can swallow a cancellation. Callers limit their calls with
    `asyncio.timeout`.

    Args:
        url: `redis://`, `rediss://` or `unix://`; user, password, database and TLS as in redis-py.
            Or `redis+sentinel://` or `rediss+sentinel://`: see `sentinel.sentinel_pool`.

    Raises:
        StoreUrlInvalid: The URL is not one of these, or has an option that is not known.
    """
    make_pool = sentinel_pool if url.startswith(SCHEMES) else BlockingConnectionPool.from_url
    try:
        pool: Any = make_pool(
            url,
            max_connections=CONNECTIONS,
            timeout=None,
            socket_timeout=None,
            socket_connect_timeout=CONNECT_S,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            client_name="leaderboard",
        )
        pool.make_connection()  # the driver looks at most options only now
    except (ValueError, TypeError, RedisError):
        raise StoreUrlInvalid from None
    return Redis.from_pool(pool)


def unavailable(error: Exception) -> StoreUnavailable:
    """Put a failure of the store into the domain's words.

    What the store refuses is logged, such as a write without memory left. That it is away is for
    the monitor to say, once and not for every call.
    """
    if isinstance(error, ResponseError):
        _log.error("store_refused", error=type(error).__name__, reason=str(error))
    return StoreUnavailable()
