"""Connects to the store at one address, and leaves a store that the address has left.

A primary that is demoted keeps its connections when its address moves on: a DNS name, a virtual
address, a proxy. Reads and the feed would stay there, behind the writes. So each connection reads
which store it leads to when it opens. One that leads to a primary closes those to other stores
before it is used: a read of one history after a write to the other would look like a rolled back
store.
"""

import re
import weakref
from typing import Any

import structlog
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ResponseError

_log = structlog.get_logger()


class AddressPool(BlockingConnectionPool):
    """Makes and lends connections to one address; callers wait while all are lent."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._run_ids: weakref.WeakKeyDictionary[AbstractConnection, bytes] = (
            weakref.WeakKeyDictionary()
        )
        """The `run_id` of the store that each connection leads to, where it is known."""

    def make_connection(self) -> AbstractConnection:
        """Make a connection, which closes when the address is found to lead to another primary."""
        connection: AbstractConnection = super().make_connection()  # type: ignore[no-untyped-call]
        connection.register_connect_callback(self._on_connect)  # type: ignore[no-untyped-call]
        return connection

    async def resolve_again(self) -> None:
        """Open a connection and close it, after those to a store that the address has left.

        Raises:
            RedisError: It can't be opened.

            OSError: The same.
        """
        connection = self.make_connection()
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
        finally:
            await connection.disconnect(nowait=True)

    async def _on_connect(self, connection: AbstractConnection) -> None:
        """Close the connections to another store, if this one leads to a primary."""
        self._run_ids.pop(connection, None)
        run_id, is_primary = await _inspect(connection)
        if run_id is None:
            return
        self._run_ids[connection] = run_id
        if not is_primary:
            return
        former = [
            other
            for other, other_id in list(self._run_ids.items())
            if other_id != run_id and other.is_connected
        ]
        for other in former:
            await other.disconnect(nowait=True)
        if former:
            _log.info("store_replaced", closed=len(former))


async def _inspect(connection: AbstractConnection) -> tuple[bytes | None, bool]:
    """Return the `run_id` of a connection's store, None if unknown, and if it is a primary."""
    await connection.send_command("INFO", "server", "replication", check_health=False)
    try:
        info = await connection.read_response()
    except ResponseError:  # its user may not ask, or it is older than Redis 7
        return None, False
    run_id = re.search(rb"^run_id:(\w+)", info, re.MULTILINE)
    return run_id and run_id[1], b"role:master" in info
