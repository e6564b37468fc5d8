"""An edge of a gateway in the process of a test, in front of a small application."""

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from harness.http import HttpResponse, exchange, parsed
from leaderboard_server.http_server import listen
from leaderboard_server.transport.tls import TlsFiles
from leaderboard_web.config import WebConfig
from leaderboard_web.edge.addresses import Networks
from leaderboard_web.edge.gateway_metrics import GatewayMetrics
from leaderboard_web.edge.open_connections import ConnectionLimits, OpenConnections
from leaderboard_web.edge.protect import protect
from leaderboard_web.edge.server import EdgeServer
from leaderboard_web.edge.tls import Certificate
from leaderboard_web.internal_errors import InternalErrors
from leaderboard_web.problems import SHOWN

DATA, PAGE, LARGE, WATCH = "/v1/data", "/boards", "/v1/large", "/v1/watch"
LARGE_BYTES = 8 * 2**20
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


@dataclass
class Edge:
    """A running edge."""

    address: str
    server: EdgeServer
    connections: OpenConnections
    certificate: Certificate | None
    metrics: GatewayMetrics
    ended: Counter[str] = field(default_factory=Counter)
    """Connections that were refused or ended, by cause."""

    @property
    def port(self) -> int:
        """The port."""
        return int(self.address.rpartition(":")[2])

    async def get(self, target: str, method: str = "GET", **headers: str) -> HttpResponse:
        """Send a request on a connection of its own; an underscore in a header is a hyphen."""
        return parsed(await exchange(self.address, request(target, method, **headers)))

    async def shake(self, target: str = WATCH, **headers: str) -> int:
        """Send a handshake of a WebSocket, and return the status of the answer."""
        reader, writer = await self.open(request(target, **(HANDSHAKE | headers)))
        try:
            async with asyncio.timeout(10):
                return int((await reader.readline()).split()[1])
        finally:
            writer.close()

    async def open(
        self, data: bytes = b"", tls: ssl.SSLContext | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection, and send something."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=tls)
        writer.write(data)
        return reader, writer


def request(target: str, method: str = "GET", **headers: str) -> bytes:
    """Return the bytes of a request; an underscore in the name of a header is a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if method != "GET" or "Upgrade" not in named:
        named = {"Connection": "close"} | named
    lines = [f"{name}: {value}\r\n" for name, value in ({"Host": "localhost"} | named).items()]
    return f"{method} {target} HTTP/1.1\r\n{''.join(lines)}\r\n".encode("latin-1")


@contextlib.asynccontextmanager
async def edge(
    *, total: int = 100, per_address: int = 100, tls: Path | None = None, **settings: Any
) -> AsyncIterator[Edge]:
    """Run an edge, with settings of a gateway.

    Args:
        total: How many connections may be open.

        per_address: How many of one address.

        tls: A folder with `chain.pem` and `key.pem`, and perhaps `ca.pem` for client certificates.

        settings: Further settings, by name.
    """
    config = WebConfig(**({"rate": 1_000_000} | settings))
    ended = Counter[str]()
    limits = ConnectionLimits(
        total=total, per_address=per_address, proxies=Networks(config.trusted_proxy_list)
    )
    connections = OpenConnections(limits, lambda cause: ended.update([cause]))
    metrics = GatewayMetrics()
    certificate = Certificate(tls_files(tls)) if tls else None
    listening = listen("127.0.0.1:0", "serve")
    address = f"127.0.0.1:{listening.getsockname()[1]}"
    server = EdgeServer(
        protect(_application(), config, metrics), listening, connections, certificate
    )
    server.start()
    try:
        yield Edge(address, server, connections, certificate, metrics, ended)
    finally:
        async with asyncio.timeout(15):
            await server.close()


def tls_files(folder: Path) -> TlsFiles:
    """Return the TLS files in a folder."""
    authority = folder / "ca.pem"
    return TlsFiles(
        chain=folder / "chain.pem",
        key=folder / "key.pem",
        client_ca=authority if authority.exists() else None,
    )


def _application() -> InternalErrors:
    app = Starlette(
        routes=[
            Route(DATA, _show),
            Route(PAGE, _show),
            Route(LARGE, _show_much),
            WebSocketRoute(WATCH, _watch),
        ],
        exception_handlers=SHOWN,
    )
    return InternalErrors(app)


async def _show(request: Request) -> Response:
    assert request.client
    return PlainTextResponse(f"{request.url.scheme} {request.client.host}")


async def _show_much(_request: Request) -> Response:
    return Response(bytes(LARGE_BYTES))


async def _watch(socket: WebSocket) -> None:
    """Send one message, then close by the rule that a watcher sends nothing."""
    await socket.accept("leaderboard.v1" if "leaderboard.v1" in socket["subprotocols"] else None)
    await socket.send_text("hello")
    if (await socket.receive())["type"] == "websocket.receive":
        await socket.close(1008)
