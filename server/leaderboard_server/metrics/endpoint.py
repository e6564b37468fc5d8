"""Serves metrics and health over HTTP, for a monitoring system and for probes.

Nothing that a reader does costs the server much: connections are few, each has one request and a
short time for it, and texts are made one after the other with pauses between them.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
import uvicorn
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from leaderboard_server.http_server import HttpServer, listen
from leaderboard_server.metrics.exposition import exposition

_log = structlog.get_logger()

MAX_CONNECTIONS = 32
"""Open connections."""
REQUEST_TIMEOUT_S = 10.0
"""How long a connection may take for its request and the response: the usual time of a scrape."""
MAX_HEADER_BYTES = 8 * 2**10
"""The size from which on headers that are not complete are refused."""
PAUSE_S = 0.1
"""The time between two texts, each of which takes the event loop some milliseconds."""
_STOP_TIMEOUT_S = 1


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What an endpoint serves."""

    collect: Callable[[], Awaitable[Collector]]
    """Returns all metrics, up to date."""
    unready: Callable[[], str]
    """Returns why calls can't be served at present; empty if they can."""
    dead: Callable[[], str]
    """Returns why a restart is needed; empty if none is."""


class MetricsEndpoint:
    """Serves `/metrics`, `/livez` and `/readyz` at one address. Open from `start` to `close`."""

    def __init__(self, address: str, observed: Observed) -> None:
        """Serve what is observed at HOST:PORT; port 0 takes a free one."""
        self._address = address
        self._observed = observed
        self._turn = asyncio.Lock()
        self._ended_at = 0.0
        """When the latest text was made."""
        routes = {"/metrics": self._metrics, "/livez": self._livez, "/readyz": self._readyz}
        self._server = HttpServer(
            uvicorn.Config(
                Starlette(routes=[Route(path, handle) for path, handle in routes.items()]),
                http=_Connection,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                headers=[("Connection", "close")],
                h11_max_incomplete_event_size=MAX_HEADER_BYTES,
                timeout_graceful_shutdown=_STOP_TIMEOUT_S,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            OSError: The address can't be listened on.
        """
        listening = listen(self._address, "serve metrics")
        self._serving = asyncio.create_task(
            self._server.serve(sockets=[listening]), name="metrics-endpoint"
        )
        port: int = listening.getsockname()[1]
        return port

    async def close(self) -> None:
        """Stop listening, and end all connections."""
        self._server.should_exit = True
        if self._serving:
            await self._serving

    async def _metrics(self, request: Request) -> Response:
        async with self._turn:
            await asyncio.sleep(self._ended_at + PAUSE_S - time.monotonic())
            if await request.is_disconnected():  # nobody waits for this text, but others may
                return Response()
            try:
                text = exposition(
                    await self._observed.collect(),
                    accept=request.headers.get("accept", ""),
                    accept_encoding=request.headers.get("accept-encoding", ""),
                )
            except Exception:  # noqa: BLE001 - a defect of one metric is no defect of the server
                _log.exception("metrics_failed")
                return PlainTextResponse("internal error\n", 500)
            finally:
                self._ended_at = time.monotonic()
        return Response(text.body, headers=text.headers)

    async def _livez(self, _request: Request) -> Response:
        return _probed(self._observed.dead())

    async def _readyz(self, _request: Request) -> Response:
        return _probed(self._observed.unready())


def _probed(problem: str) -> Response:
    return PlainTextResponse(f"{problem or 'ok'}\n", 503 if problem else 200)


class _Connection(H11Protocol):
    """A connection that is aborted when it takes too long, or makes room for another one.

    Room is made by the oldest one without a request: silent ones must not keep a probe out.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._opened_at = self.loop.time()
        self._deadline = self.loop.call_later(REQUEST_TIMEOUT_S, transport.abort)
        opened = [
            each
            for each in self.connections
            if isinstance(each, _Connection) and not each.transport.is_closing()
        ]
        if len(opened) > MAX_CONNECTIONS:
            min(opened, key=_Connection._claim).transport.abort()

    def _claim(self) -> tuple[bool, float]:
        return self.cycle is not None, self._opened_at

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.cancel()
        super().connection_lost(exc)
