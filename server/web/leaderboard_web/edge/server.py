"""The HTTP server of the gateway: uvicorn without what it would log, and with bounded callers."""

import asyncio
import socket

import uvicorn
from starlette.types import ASGIApp

from leaderboard_server.http_server import HttpServer
from leaderboard_web.edge import http_connection, websocket_connection
from leaderboard_web.edge.acceptor import Acceptor
from leaderboard_web.edge.http_connection import HttpConnection
from leaderboard_web.edge.open_connections import OpenConnections, Slot
from leaderboard_web.edge.tls import Certificate

STOP_TIMEOUT_S = 5
"""The time for requests to end when the gateway stops."""


class EdgeServer:
    """Serves an application at a socket, from `start` to `close`."""

    def __init__(
        self,
        app: ASGIApp,
        listening: socket.socket,
        open_connections: OpenConnections,
        certificate: Certificate | None,
    ) -> None:
        """Prepare to serve.

        Args:
            app: Answers requests and WebSockets.

            listening: The socket, which is closed at the end.

            open_connections: Keeps the limits of connections.

            certificate: For TLS; None for plain HTTP.
        """
        self._open_connections = open_connections
        self._serving: asyncio.Task[None] | None = None
        self._server = HttpServer(_config(app))
        self._acceptor = Acceptor(listening, open_connections, self._make_connection, certificate)

    @property
    def accepts(self) -> bool:
        """Whether connections are accepted."""
        return self._acceptor.is_open

    def start(self) -> None:
        """Begin to serve."""
        self._serving = asyncio.create_task(self._server.serve(sockets=[]), name="http")
        self._acceptor.start()

    async def stop_accepting(self) -> None:
        """Accept no more connections; those that are open go on."""
        await self._acceptor.close()

    async def close(self) -> None:
        """Let requests end for a short time, and end all connections."""
        await self.stop_accepting()
        self._server.should_exit = True
        if self._serving:
            await self._serving

    def _make_connection(self, slot: Slot) -> HttpConnection:
        return HttpConnection(
            self._open_connections,
            slot,
            config=self._server.config,
            server_state=self._server.server_state,
            app_state={},
        )


def _config(app: ASGIApp) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        # Any but "none": `HttpConnection` makes WebSocket connections itself.
        ws="websockets-sansio",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="critical",  # its lines would have the addresses and queries of callers
        access_log=False,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=http_connection.MAX_HEADER_BYTES,
        timeout_keep_alive=http_connection.IDLE_TIMEOUT_S,
        timeout_graceful_shutdown=STOP_TIMEOUT_S,
        ws_max_size=websocket_connection.MAX_MESSAGE_BYTES,
        ws_ping_interval=websocket_connection.PING_INTERVAL_S,
        ws_ping_timeout=websocket_connection.PING_TIMEOUT_S,
        ws_per_message_deflate=False,
    )
    config.load()
    return config
