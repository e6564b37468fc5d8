"""The store behind Redis Sentinel: a pool whose connections lead to the present master.

A former master may go on for 10 s before Sentinel makes it a replica, and for as long as it is
cut off: what it acknowledges meanwhile is lost. So the sentinels are asked again and again, and
connections to any other than the present master are cut before the first one to it is opened: a
read of the one history after a write to the other would look like a store that went back.
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

_log = structlog.get_logger()

SCHEMES = ("redis+sentinel://", "rediss+sentinel://")

ASK_S = 0.5
"""How often the sentinels are asked where the master is."""
ANSWER_S = 0.5
"""How long a sentinel may take to answer; connecting to the store waits for those that are away."""
_SHARED_SETTINGS = (
    "socket_timeout",
    "socket_connect_timeout",
    "retry",
    "protocol",
    "client_name",
)


class Address(NamedTuple):
    """Where a store listens."""

    host: str
    port: int


class _Answer(NamedTuple):
    config_epoch: int
    address: Address


class Master:
    """The present master of a service, as its sentinels tell.

    redis-py's own `Sentinel` asks one sentinel after the other and believes the first; two that
    hang would take longer than a call may.
    """

    def __init__(self, sentinels: Sequence[Redis], service: str) -> None:
        self._sentinels = sentinels
        self._service = service
        self._connections: weakref.WeakSet[SentinelManagedConnection] = weakref.WeakSet()
        self._asking: asyncio.Task[Address] | None = None
        self._address: Address | None = None
        self._following: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Ask the sentinels no more."""
        for task in (self._following, self._asking):
            if task:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, RedisError):
                    await task
        for sentinel in self._sentinels:
            await sentinel.aclose()

    def add(self, connection: SentinelManagedConnection) -> None:
        """Cut `connection` whenever it leads to another store."""
        self._connections.add(connection)
        connection.register_connect_callback(self._check)  # type: ignore[no-untyped-call]

    async def address(self) -> Address:
        """Return where the master is, by the sentinel that knows of the latest failover.

        Raises:
            MasterNotFoundError: No sentinel answers within `ANSWER_S`, or none knows the service.
        """
        if self._following is None:
            self._following = asyncio.create_task(self._follow(), name="follow-master")
        if self._asking is None or self._asking.done():
            # After a failover all connections ask at the same time.
            self._asking = asyncio.create_task(self._ask_all(), name="ask-sentinels")
        return await asyncio.shield(self._asking)

    async def _ask_all(self) -> Address:
        questions = (self._ask(sentinel) for sentinel in self._sentinels)
        answers = await asyncio.gather(*questions, return_exceptions=True)
        known = [answer for answer in answers if isinstance(answer, _Answer)]
        if not known:
            reasons = "; ".join(str(answer) or type(answer).__name__ for answer in answers)
            raise MasterNotFoundError(f"no sentinel tells the master: {reasons}")
        address = max(known, key=lambda answer: answer.config_epoch).address
        if self._address not in {None, address}:
            _log.info("master_moved", host=address.host, port=address.port)
        self._address = address
        for connection in list(self._connections):
            if connection.is_connected and not self._is_right(connection):
                await connection.disconnect(nowait=True)
        return address

    async def _ask(self, sentinel: Redis) -> _Answer:
        ask: Any = sentinel.execute_command  # redis-py leaves it without types
        async with asyncio.timeout(ANSWER_S):
            state = await ask("SENTINEL MASTER", self._service)
            # While other replicas are still turned to the new master, only this one tells of it.
            address = await ask("SENTINEL GET-MASTER-ADDR-BY-NAME", self._service)
        return _Answer(state["config-epoch"], Address(*address))

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(ASK_S)
            with contextlib.suppress(RedisError):
                await self.address()

    async def _check(self, connection: SentinelManagedConnection) -> None:
        """Refuse a connection whose address was out of date when it was there."""
        if not self._is_right(connection):
            await connection.disconnect(nowait=True)
            raise MasterNotFoundError("the master moved meanwhile")

    def _is_right(self, connection: SentinelManagedConnection) -> bool:
        return (connection.host, connection.port) == self._address


class MasterPool(BlockingConnectionPool):
    """Lends connections to the present master, and lets callers wait while all are lent.

    `SentinelManagedConnection` asks this pool for the address and for the two attributes.
    """

    is_master = True
    check_connection = False

    def __init__(self, master: Master, **options: Any) -> None:
        super().__init__(**options)
        self.connection_kwargs["connection_pool"] = weakref.proxy(self)
        self._master = master

    def make_connection(self) -> SentinelManagedConnection:
        """Make a connection that finds the master when it connects, and is cut when that moves."""
        connection: SentinelManagedConnection = super().make_connection()  # type: ignore[no-untyped-call]
        self._master.add(connection)
        return connection

    async def get_master_address(self) -> Address:
        """Return where to connect to. See `Master.address`."""
        return await self._master.address()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._master.close()
        await super().aclose()


def sentinel_pool(url: str, **settings: Any) -> MasterPool:
    """Return a pool for `redis+sentinel://user:password@host:port,host:port/service/database`.

    User, password and database are those of the store. The options are those of redis-py, and
    `sentinel_username` and `sentinel_password`. With `rediss+sentinel` the sentinels are asked
    over TLS too, with the same `ssl_` options.

    Args:
        url: The URL.

        settings: Of the pool and its connections, where the URL doesn't say otherwise.

    Raises:
        ValueError: The URL is not of this form.

        TypeError: An option is not known.
    """
    parts = urlsplit(url)
    user, _, hosts = parts.netloc.rpartition("@")
    service, _, database = unquote(parts.path.removeprefix("/")).partition("/")
    if not service or (database and not database.isdecimal()):
        raise ValueError("must name a service, and a database by its number")
    scheme = parts.scheme.removesuffix("+sentinel")
    tls = scheme == "rediss"
    given: dict[str, Any] = {**parse_url(f"{scheme}://{user}@/{database}?{parts.query}")}
    given["connection_class"] = SentinelManagedSSLConnection if tls else SentinelManagedConnection
    of_sentinels = {
        "username": given.pop("sentinel_username", None),
        "password": given.pop("sentinel_password", None),
        "ssl": tls,
        "decode_responses": True,
        **{name: settings[name] for name in _SHARED_SETTINGS},
        **{name: value for name, value in given.items() if name.startswith(("ssl_", "socket_"))},
    }
    sentinels = [Redis(**_address(host)._asdict(), **of_sentinels) for host in hosts.split(",")]
    return MasterPool(Master(sentinels, service), **{**settings, **given})


def _address(text: str) -> Address:
    parts = urlsplit(f"//{text}")
    if parts.hostname is None or parts.port is None:
        raise ValueError("must be HOST:PORT")
    return Address(parts.hostname, parts.port)
