"""Connects to the store behind Redis Sentinel: a pool whose connections lead to the current master.

A former master may go on for 10 s before Sentinel makes it a replica, and for as long as it is cut
off; what it acknowledges meanwhile is lost. So the sentinels are polled, and connections to any
other store than the current master are closed before the first one to it opens: a read of one
history after a write to the other would look like a rolled back store.
"""

import asyncio
import contextlib
import weakref
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.sentinel import (
    MasterNotFoundError,
    SentinelManagedConnection,
    SentinelManagedSSLConnection,
)
from redis.exceptions import RedisError

from leaderboard_server.storage.addresses import Address, parse_address
from leaderboard_server.tasks import BackgroundTask, SingleFlight

_log = structlog.get_logger()

SCHEMES = ("redis+sentinel://", "rediss+sentinel://")

POLL_INTERVAL_S = 0.5
"""How often the sentinels are queried for the master."""
QUERY_TIMEOUT_S = 0.5
"""Connecting to the store waits this long for sentinels that don't answer."""
_SHARED_SETTINGS = (
    "socket_timeout",
    "socket_connect_timeout",
    "retry",
    "protocol",
    "client_name",
)


class _Answer(NamedTuple):
    config_epoch: int
    address: Address


class Master:
    """The current master of a service, according to its sentinels.

    redis-py's own `Sentinel` queries one sentinel after the other and believes the first; two that
    hang would take longer than a call may.
    """

    def __init__(self, sentinels: Sequence[Redis], service: str) -> None:
        self._sentinels = sentinels
        self._service = service
        self._connections: weakref.WeakSet[SentinelManagedConnection] = weakref.WeakSet()
        self._address: Address | None = None
        # After a failover all connections look the master up at the same time.
        self._lookup = SingleFlight(self._query_all, name="look-up-master")
        self._polling = BackgroundTask(self._poll, name="poll-sentinels")

    async def close(self) -> None:
        """Stop querying the sentinels."""
        await self._polling.close()
        await self._lookup.close()
        for sentinel in self._sentinels:
            await sentinel.aclose()

    def add(self, connection: SentinelManagedConnection) -> None:
        """Close `connection` whenever it leads to another store than the master."""
        self._connections.add(connection)
        connection.register_connect_callback(self._check)  # type: ignore[no-untyped-call]

    async def address(self) -> Address:
        """Return the address of the master, from the sentinel that knows of the latest failover.

        Raises:
            MasterNotFoundError: No sentinel answers within `QUERY_TIMEOUT_S`, or none knows the
                service.
        """
        self._polling.start()
        return await self._lookup.run()

    async def _query_all(self) -> Address:
        queries = (self._query(sentinel) for sentinel in self._sentinels)
        results = await asyncio.gather(*queries, return_exceptions=True)
        answers = [result for result in results if isinstance(result, _Answer)]
        if not answers:
            reasons = "; ".join(str(result) or type(result).__name__ for result in results)
            raise MasterNotFoundError(f"no sentinel knows the master: {reasons}")
        address = max(answers, key=lambda answer: answer.config_epoch).address
        if self._address not in {None, address}:
            _log.info("master_moved", host=address.host, port=address.port)
        self._address = address
        for connection in list(self._connections):
            if connection.is_connected and not self._leads_to_master(connection):
                await connection.disconnect(nowait=True)
        return address

    async def _query(self, sentinel: Redis) -> _Answer:
        execute: Any = sentinel.execute_command  # redis-py leaves it without types
        async with asyncio.timeout(QUERY_TIMEOUT_S):
            state = await execute("SENTINEL MASTER", self._service)
            # During a failover only this command names the new master already.
            address = await execute("SENTINEL GET-MASTER-ADDR-BY-NAME", self._service)
        return _Answer(state["config-epoch"], Address(*address))

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_INTERVAL_S)
            with contextlib.suppress(RedisError):
                await self.address()

    async def _check(self, connection: SentinelManagedConnection) -> None:
        """Reject a connection if the master moved while it was opened."""
        if not self._leads_to_master(connection):
            await connection.disconnect(nowait=True)
            raise MasterNotFoundError("the master moved meanwhile")

    def _leads_to_master(self, connection: SentinelManagedConnection) -> bool:
        return (connection.host, connection.port) == self._address


class MasterPool(BlockingConnectionPool):
    """Lends connections to the current master; callers wait while all are lent.

    `SentinelManagedConnection` reads the address and the two attributes from this pool.
    """

    is_master = True
    check_connection = False

    def __init__(self, master: Master, **options: Any) -> None:
        super().__init__(**options)
        self.connection_kwargs["connection_pool"] = weakref.proxy(self)
        self._master = master

    def make_connection(self) -> SentinelManagedConnection:
        """Make a connection that looks up the master when it connects, and closes when it moves."""
        connection: SentinelManagedConnection = super().make_connection()  # type: ignore[no-untyped-call]
        self._master.add(connection)
        return connection

    async def get_master_address(self) -> Address:
        """Return the address to connect to. See `Master.address`."""
        return await self._master.address()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._master.close()
        await super().aclose()


def sentinel_pool(url: str, **settings: Any) -> MasterPool:
    """Return a pool for `redis+sentinel://user:password@host:port,host:port/service/database`.

    User, password and database are those of the store. The options are those of redis-py, plus
    `sentinel_username` and `sentinel_password`. With `rediss+sentinel` the sentinels are reached
    over TLS too, with the same `ssl_` options.

    Args:
        url: The URL.

        settings: Defaults of the pool and its connections; options of the URL override them.

    Raises:
        ValueError: The URL is not of this form.

        TypeError: An option is unknown.
    """
    parts = urlsplit(url)
    user, _, hosts = parts.netloc.rpartition("@")
    service, _, database = unquote(parts.path.removeprefix("/")).partition("/")
    if not service or (database and not database.isdecimal()):
        raise ValueError("must name a service, and a database by its number")
    scheme = parts.scheme.removesuffix("+sentinel")
    tls = scheme == "rediss"
    options: dict[str, Any] = {**parse_url(f"{scheme}://{user}@/{database}?{parts.query}")}
    options["connection_class"] = SentinelManagedSSLConnection if tls else SentinelManagedConnection
    sentinel_settings = {
        "username": options.pop("sentinel_username", None),
        "password": options.pop("sentinel_password", None),
        "ssl": tls,
        "decode_responses": True,
        **{name: settings[name] for name in _SHARED_SETTINGS},
        **{name: value for name, value in options.items() if name.startswith(("ssl_", "socket_"))},
    }
    sentinels = [
        Redis(**parse_address(host)._asdict(), **sentinel_settings) for host in hosts.split(",")
    ]
    return MasterPool(Master(sentinels, service), **{**settings, **options})
