"""Opens TLS connections to the nodes of a cluster, which share a context."""

import time
from collections.abc import Callable
from typing import Any

from redis.asyncio.connection import RedisSSLContext, SSLConnection

CONTEXT_S = 60.0
"""How long a context is used. Then the files of certificates are read again."""


class SharedContext:
    """The TLS context of the connections of one cluster.

    Making one reads all CA certificates of the system, during which the server does nothing else
    for 30 ms or more. The driver would make one for each connection, and a server has some to each
    node.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._context: RedisSSLContext | None = None
        self._until = 0.0

    def of(self, own: RedisSSLContext) -> RedisSSLContext:
        """Return the shared context, which may become that of a connection itself."""
        if self._context is None or self._clock() >= self._until:
            self._context, self._until = own, self._clock() + CONTEXT_S
        return self._context


class NodeTlsConnection(SSLConnection):
    """A TLS connection to a node."""

    def __init__(self, *, shared: SharedContext, **options: Any) -> None:
        super().__init__(**options)
        self.ssl_context = shared.of(self.ssl_context)
