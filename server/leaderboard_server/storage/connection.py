"""The connection to the store: opened from a URL, and its errors put into the domain's words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from leaderboard_server.domain.errors import StoreUnavailable

_log = structlog.get_logger()

CONNECTIONS = 64
"""How many connections a server opens at most; more calls wait for one."""


@dataclass(frozen=True)
class StoreTimeouts:
    """How long the store may take, in seconds."""

    connect: float = 1.0
    """A store on the same network connects within milliseconds."""
    answer: float = 2.0
    """The longest script takes about 0.1 s; a store that takes longer hangs."""


def connect(url: str, timeouts: StoreTimeouts) -> Redis:
    """Return a client that never resends a command by itself; it connects when it is used.

    Args:
        url: `redis://`, `rediss://` or `unix://`; user, password, database and TLS as in redis-py.

        timeouts: How long the store may take.

    Raises:
        ValueError: The URL is not one of these.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        timeout=timeouts.answer,
        socket_timeout=timeouts.answer,
        socket_connect_timeout=timeouts.connect,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        client_name="leaderboard",
    )
    return Redis.from_pool(pool)


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn every failure of the store into `StoreUnavailable`, with the cause in the log."""
    try:
        yield
    except (RedisError, OSError) as error:
        _log.warning("store_unavailable", error=type(error).__name__, reason=str(error))
        raise StoreUnavailable from error
