"""Builds the gateway from its parts, in order, and closes them in reverse order."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable
from functools import partial
from importlib.metadata import version

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware

from leaderboard_cli.target import Target
from leaderboard_server.http_server import listen
from leaderboard_server.metrics.endpoint import MetricsEndpoint, Observed
from leaderboard_server.open_files import RESERVED_FILES, max_connections, raise_open_files
from leaderboard_server.transport.tls import TlsFiles, TlsRenewal
from leaderboard_web.api.routes import api_routes
from leaderboard_web.config import WebConfig
from leaderboard_web.edge.addresses import Networks
from leaderboard_web.edge.gateway_metrics import GatewayMetrics
from leaderboard_web.edge.open_connections import ConnectionLimits, OpenConnections
from leaderboard_web.edge.protect import protect
from leaderboard_web.edge.server import EdgeServer
from leaderboard_web.edge.service_probe import ServiceProbe
from leaderboard_web.edge.tls import Certificate
from leaderboard_web.internal_errors import InternalErrors
from leaderboard_web.loop_errors import log_loop_errors
from leaderboard_web.pages import page_routes
from leaderboard_web.problems import SHOWN
from leaderboard_web.service import Service
from leaderboard_web.watch.endpoint import watch_routes
from leaderboard_web.watch.groups import WatchGroups
from leaderboard_web.watch.instruments import WatchInstruments

_log = structlog.get_logger()


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
    metrics = GatewayMetrics()
    connections = OpenConnections(_connection_limits(config), metrics.count_ended)
    async with contextlib.AsyncExitStack() as stack:
        certificate = _certificate(config, stack)
        service = Service(target, min_interval_ms=config.min_interval_ms)
        stack.push_async_callback(service.close)
        watches = WatchInstruments(metrics.instruments)
        groups = WatchGroups(service, max_groups=config.max_groups, instruments=watches)
        stack.push_async_callback(groups.close)
        probe = ServiceProbe(target.async_channels(), target.metadata)
        stack.push_async_callback(probe.close)
        metrics.read_parts(connections, available=lambda: probe.available)
        app = protect(_application(config, service, groups), config, metrics)
        listening = listen(config.address, "serve")
        server = EdgeServer(app, listening, connections, certificate)
        await _serve_metrics(config, metrics, partial(_unready, server, probe), stack)
        stack.push_async_callback(metrics.loop_delay.close)
        stack.push_async_callback(server.close)
        for part in (metrics.loop_delay, probe, server):
            part.start()
        _warn_of_few_files(config, connections)
        yield f"{config.address.rpartition(':')[0]}:{listening.getsockname()[1]}"
        await server.stop_accepting()
        groups.drain()


def _application(config: WebConfig, service: Service, groups: WatchGroups) -> Starlette:
    watching = watch_routes(
        groups,
        max_watches=config.max_watches,
        max_watches_per_address=config.max_watches_per_address,
    )
    app = Starlette(
        routes=[*watching, *api_routes(service), *page_routes(config.origin_list)],
        middleware=[Middleware(InternalErrors)],
        exception_handlers=SHOWN,
    )
    app.router.redirect_slashes = False
    return app


def _connection_limits(config: WebConfig) -> ConnectionLimits:
    # Each watch of the service has a connection of its own.
    total = min(config.max_connections, max_connections(reserve=RESERVED_FILES + config.max_groups))
    return ConnectionLimits(
        total=total,
        # Watches have a limit of their own, and beside them there are requests.
        per_address=max(total // 4, min(total, 2 * config.max_watches_per_address)),
        proxies=Networks(config.trusted_proxy_list),
    )


def _certificate(config: WebConfig, stack: contextlib.AsyncExitStack) -> Certificate | None:
    """Return the certificate for TLS, which is renewed until `stack` ends.

    Raises:
        TlsUnusable: The files for TLS can't be used.
    """
    if not (config.tls_cert and config.tls_key):
        return None
    files = TlsFiles(chain=config.tls_cert, key=config.tls_key, client_ca=config.tls_client_ca)
    renewal = TlsRenewal(files)
    certificate = Certificate(files)
    renewal.start(certificate.renew)
    stack.push_async_callback(renewal.close)
    return certificate


def _unready(server: EdgeServer, probe: ServiceProbe) -> str:
    return probe.problem if server.accepts else "the gateway is stopping"


async def _serve_metrics(
    config: WebConfig,
    metrics: GatewayMetrics,
    unready: Callable[[], str],
    stack: contextlib.AsyncExitStack,
) -> None:
    """Serve metrics and probes until `stack` ends, if the settings have an address for them."""
    if not config.metrics_address:
        return
    observed = Observed(collect=metrics.collect, unready=unready, dead=lambda: "")
    endpoint = MetricsEndpoint(config.metrics_address, observed)
    port = await endpoint.start()
    stack.push_async_callback(endpoint.close)
    _log.info("metrics_served", address=f"{config.metrics_address.rpartition(':')[0]}:{port}")


def _warn_of_few_files(config: WebConfig, connections: OpenConnections) -> None:
    if connections.limits.total < config.max_connections:
        _log.warning(
            "open_files_low",
            max_connections=connections.limits.total,
            reason="there are not enough files for --max-connections and --max-groups",
            to_do="raise the hard limit of open files, or lower --max-connections",
        )


async def serve(config: WebConfig, target: Target) -> None:
    """Run a gateway until SIGTERM or SIGINT, then stop it gracefully.

    Raises:
        Exception: As `running`.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    log_loop_errors(loop)
    raise_open_files()
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
