"""Builds the gateway from its parts, in order, and closes them in reverse order."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from importlib.metadata import version

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware

from leaderboard_cli.target import Target
from leaderboard_server.http_server import HttpServer, listen
from leaderboard_web.api.routes import api_routes
from leaderboard_web.config import WebConfig
from leaderboard_web.internal_errors import InternalErrors
from leaderboard_web.pages import page_routes
from leaderboard_web.problems import SHOWN
from leaderboard_web.service import Service

_log = structlog.get_logger()

_STOP_TIMEOUT_S = 5


@contextlib.asynccontextmanager
async def running(config: WebConfig, target: Target) -> AsyncIterator[str]:
    """Run a gateway, and yield its address.

    Args:
        config: The settings.

        target: The servers that it calls.

    Raises:
        TlsUnusable: The files for TLS can't be used.

        OSError: The address can't be listened on.
    """
    async with contextlib.AsyncExitStack() as stack:
        service = Service(target, min_interval_ms=config.min_interval_ms)
        stack.push_async_callback(service.close)
        app = Starlette(
            routes=[*api_routes(service), *page_routes(config.origin_list)],
            middleware=[Middleware(InternalErrors)],
            exception_handlers=SHOWN,
        )
        app.router.redirect_slashes = False
        listening = listen(config.address, "serve")
        server = HttpServer(
            uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=_STOP_TIMEOUT_S,
                ws="websockets-sansio",
                ws_per_message_deflate=False,
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[listening]), name="http")
        port = listening.getsockname()[1]
        yield f"{config.address.rpartition(':')[0]}:{port}"
        server.should_exit = True
        await serving


async def serve(config: WebConfig, target: Target) -> None:
    """Run a gateway until SIGTERM or SIGINT, then stop it gracefully.

    Raises:
        Exception: As `running`.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with running(config, target) as address:
        _log.info(
            "serving", version=version("leaderboard-web"), address=address, service=target.server
        )
        await stopping.wait()
        _log.info("stopping")
        for number in (signal.SIGTERM, signal.SIGINT):
            # A second signal ends the process at once.
            loop.remove_signal_handler(number)
    _log.info("stopped")
