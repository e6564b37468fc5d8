"""Opens the driver's connections to the store from a URL."""

from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from leaderboard_server.storage.address_pool import AddressPool
from leaderboard_server.storage.cluster.cluster import Cluster
from leaderboard_server.storage.cluster.url import FORM as CLUSTER_URL_FORM
from leaderboard_server.storage.cluster.url import cluster_of
from leaderboard_server.storage.password_file import PasswordFile
from leaderboard_server.storage.sentinel import SCHEMES as SENTINEL_SCHEMES
from leaderboard_server.storage.sentinel import sentinel_pool

MAX_CONNECTIONS = 64
"""How many connections a server opens at most; further calls wait for one."""
CONNECT_TIMEOUT_S = 1.0
"""A store on the same network needs milliseconds."""

_SETTINGS = {
    "max_connections": MAX_CONNECTIONS,
    "timeout": None,
    "socket_timeout": None,
    "socket_connect_timeout": CONNECT_TIMEOUT_S,
    "retry": Retry(NoBackoff(), 0),
    "protocol": 2,
    "client_name": "leaderboard",
}
"""The settings of all pools: calls wait for a connection, and none is sent again."""


class StoreUrlInvalid(Exception):
    """The driver can't use the URL, which is not shown, since it may hold a password."""

    def __init__(self, form: str = "") -> None:
        super().__init__("the URL of the store is not valid" + (form and f"; its form is {form}"))


def connect(url: str, password_file: Path | None = None) -> Redis:
    """Return a client that never resends a command by itself; it connects on first use.

    It has no timeout for replies either: the driver's own one creates a task for each command, and
    on Python 3.11 that can swallow a cancellation. Callers use `asyncio.timeout`.

    Args:
        url: `redis://`, `rediss://` or `unix://`; user, password, database and TLS as in redis-py.
            Or `redis+sentinel://` or `rediss+sentinel://`: see `sentinel.sentinel_pool`.

        password_file: The file with the password of the URL's user; the URL then has none.

    Raises:
        StoreUrlInvalid: The URL has another form, or an unknown option.

        PasswordFileUnusable: The password can't be read.
    """
    make_pool = sentinel_pool if url.startswith(SENTINEL_SCHEMES) else AddressPool.from_url
    try:
        pool: Any = make_pool(url, **_SETTINGS)
        if password_file:
            _use_password_file(pool.connection_kwargs, password_file)
        pool.make_connection()  # the driver checks most options only here
    except (ValueError, TypeError, RedisError):
        raise StoreUrlInvalid from None
    return Redis.from_pool(pool)


def connect_cluster(url: str, password_file: Path | None = None) -> Cluster:
    """Return a cluster, whose nodes are connected to on first use, as by `connect`.

    Args:
        url: `redis+cluster://` or `rediss+cluster://`; see `cluster.url.cluster_of`.

        password_file: As for `connect`.

    Raises:
        StoreUrlInvalid: The URL has another form, or an unknown option.

        PasswordFileUnusable: The password can't be read.
    """

    def complete(options: dict[str, Any]) -> dict[str, Any]:
        if password_file:
            _use_password_file(options, password_file)
        return {**_SETTINGS, **options}

    try:
        return cluster_of(url, complete)
    except (ValueError, TypeError, RedisError):
        raise StoreUrlInvalid(CLUSTER_URL_FORM) from None


def _use_password_file(options: dict[str, Any], path: Path) -> None:
    user = options.pop("username", None)
    options["credential_provider"] = PasswordFile(path, user)
