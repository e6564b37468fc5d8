"""Builds the server from its parts, in order, and closes them in reverse order."""

import asyncio
import contextlib
import gc
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

import structlog
from prometheus_client.registry import Collector

from leaderboard_server.access_log import observation
from leaderboard_server.allocator import return_large_blocks
from leaderboard_server.board.boards import Boards
from leaderboard_server.board.committer import Committer
from leaderboard_server.board.kept_seasons import KeptSeasons
from leaderboard_server.board.ranks import Ranks
from leaderboard_server.config import Config
from leaderboard_server.contests.deletion import Deletion, ExpirySweep
from leaderboard_server.contests.listing import ContestList
from leaderboard_server.contests.moderation import Moderation
from leaderboard_server.contests.seasons import Seasons
from leaderboard_server.contests.settings import Settings
from leaderboard_server.embedded_valkey import EmbeddedStore
from leaderboard_server.open_files import max_connections, raise_open_files
from leaderboard_server.replication.feed import make_feed
from leaderboard_server.replication.log_followers import LogFollowers
from leaderboard_server.server_metrics import ServerMetrics
from leaderboard_server.service.contests import ContestService
from leaderboard_server.service.leaderboard import LeaderboardService
from leaderboard_server.start_log import log_listener, log_start
from leaderboard_server.storage.backend import Backend, open_backend
from leaderboard_server.storage.store import Retention, Store
from leaderboard_server.tracing.start import start_tracing
from leaderboard_server.tracing.wiring import Tracing, Untraced
from leaderboard_server.transport.choice import ListenerName, choose, make_listener
from leaderboard_server.transport.health import Health
from leaderboard_server.transport.listener import Endpoint, Limits, Listener
from leaderboard_server.transport.methods import SERVICE_NAMES, make_services
from leaderboard_server.transport.tls import TlsFiles, TlsRenewal
from leaderboard_server.transport.watch_streams import ListenerPublisher
from leaderboard_server.watch.hub import WatchHub
from leaderboard_server.watch.watchers import Watchers

_log = structlog.get_logger()


class Running(NamedTuple):
    """A running server: its address, listener and limits, its metrics and its health."""

    address: str
    """HOST:PORT, with the port in use."""
    listener: ListenerName
    limits: Limits
    metrics: ServerMetrics
    health: Health


@contextlib.asynccontextmanager
async def running(
    config: Config,
    tracing: Tracing = Untraced(),  # noqa: B008 - without state
) -> AsyncIterator[Running]:
    """Run a server, and yield its address, listener and limits.

    Args:
        config: The settings.

        tracing: Makes the spans, and is closed at the end. Default: there are none.

    Raises:
        FrontMissing: The settings name the front, and it is not installed.

        TlsUnusable: The files for TLS can't be used.

        StoreUrlInvalid: The driver can't use the store's URL.

        PasswordFileUnusable: The password of the store can't be read.

        OSError: The address can't be listened on.

        EmbeddedStoreError: The embedded store can't be started.
    """
    listener_name = choose(config.listener)
    tls_files = _tls_files(config)
    renewal = tls_files and TlsRenewal(tls_files)
    endpoint = Endpoint(
        address=config.address,
        shared=config.workers > 1,
        tls=tls_files.read() if tls_files else None,
    )
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(tracing.close)
        metrics = ServerMetrics(listener_name)
        url = await _store_url(config, metrics, stack)
        backend = open_backend(url, config.redis_password_file)
        stack.push_async_callback(backend.close)
        limits = _limits(config)
        observed = observation(config.access_log, trace_contexts=tracing.is_on)
        listener = make_listener(listener_name, endpoint, limits, observed)
        metrics.read_listener(listener, limits)
        parts = _Parts(config, backend, listener, metrics, tracing)
        if config.metrics_address and not endpoint.shared:
            await serve_metrics(
                config.metrics_address,
                stack,
                collect=metrics.collect,
                unready=lambda: parts.health.problem,
                dead=lambda: "",
            )
        port = await parts.start(stack)
        if renewal:
            renewal.start(listener.renew)
            stack.push_async_callback(renewal.close)
        address = f"{config.address.rpartition(':')[0]}:{port}"
        yield Running(address, listener_name, limits, metrics, parts.health)
        await parts.drain()


class _Parts:
    """The parts between the store and the listener, each built from those before it."""

    def __init__(
        self,
        config: Config,
        backend: Backend,
        listener: Listener,
        metrics: ServerMetrics,
        tracing: Tracing,
    ) -> None:
        store = Store(
            tracing.connection(backend.writes),
            tracing.connection(backend.reads),
            Retention(config.history_changes, config.request_retention_s),
            metrics.store,
            auto_create=config.auto_create == "on",
            in_cluster=backend.in_cluster,
        )
        feed = make_feed(backend, metrics.replication)
        followers = LogFollowers(store, feed, metrics.replication)
        committer = Committer(
            store, followers.observe_own_commit, metrics.board, tracing.make_batcher("commit")
        )
        boards = Boards(store, followers, metrics.board, invalidate=listener.invalidate)
        ranks = Ranks(store, metrics.board, tracing.make_batcher("read_ranks"))
        self._hub = WatchHub(followers, store, config.history_changes)
        publisher = ListenerPublisher(listener)
        watchers = Watchers(self._hub, boards, store, publisher, metrics.watch)
        seasons = KeptSeasons(store)
        service = LeaderboardService(committer, boards, ranks, seasons, watchers, store.shard_of)
        contests = ContestList(store.registry, store.contests)
        contest_service = ContestService(
            Settings(store.contests, followers),
            contests,
            Seasons(store.seasons, followers),
            Deletion(store.contests, followers),
            Moderation(store.moderation, store.seasons, contests, followers),
            store.shard_of,
        )
        sweep = ExpirySweep(store.registry, store.contests, metrics.sweep, store.shard_of)
        self.health = Health(*SERVICE_NAMES)
        self._services = tracing.services(
            listener,
            lambda responder: make_services(
                service,
                contest_service,
                responder,
                self.health,
                metrics.errors,
                with_reflection=config.reflection == "on",
            ),
        )
        self._listener = listener
        self._monitor = backend.monitor(self.health.set_serving)
        metrics.read_parts(
            monitor=self._monitor,
            feed=feed,
            followers=followers,
            boards=boards,
            hub=self._hub,
            watchers=watchers,
            sweep=sweep,
        )
        self._started = (feed, followers, boards, sweep, metrics.loop_delay)
        self._closed = (*self._started, ranks, committer, service)

    async def start(self, stack: contextlib.AsyncExitStack) -> int:
        """Start the parts and return the port; `stack` closes them in reverse order."""
        for part in self._closed:
            stack.push_async_callback(part.close)
        port = await self._listener.start(self._services)
        stack.push_async_callback(self._listener.stop)
        # Not before: a server that can't listen ends without having done anything.
        for part in self._started:
            part.start()
        stack.callback(self.health.end_watches)
        self._monitor.start()
        stack.push_async_callback(self._monitor.close)
        return port

    async def drain(self) -> None:
        """End the watches and send new calls elsewhere."""
        self._hub.drain()
        self.health.drain()
        await self._listener.drain()


async def serve_metrics(
    address: str,
    stack: contextlib.AsyncExitStack,
    *,
    collect: Callable[[], Awaitable[Collector]],
    unready: Callable[[], str],
    dead: Callable[[], str],
) -> None:
    """Serve metrics and probes at an address until `stack` ends; see `metrics.endpoint.Observed`.

    Raises:
        OSError: The address can't be listened on.
    """
    # Imported late, since most servers need neither starlette nor uvicorn.
    from leaderboard_server.metrics.endpoint import MetricsEndpoint, Observed  # noqa: PLC0415

    endpoint = MetricsEndpoint(address, Observed(collect=collect, unready=unready, dead=dead))
    port = await endpoint.start()
    stack.push_async_callback(endpoint.close)
    _log.info("metrics_served", address=f"{address.rpartition(':')[0]}:{port}")


async def _store_url(
    config: Config, metrics: ServerMetrics, stack: contextlib.AsyncExitStack
) -> str:
    if config.redis_url:
        return config.redis_url.get_secret_value()
    embedded = await stack.enter_async_context(
        EmbeddedStore(config.data_dir, max_memory=config.embedded_max_memory)
    )
    metrics.read_embedded_store(embedded)
    return embedded.url


def _tls_files(config: Config) -> TlsFiles | None:
    if not (config.tls_cert and config.tls_key):
        return None
    return TlsFiles(chain=config.tls_cert, key=config.tls_key, client_ca=config.tls_client_ca)


def _limits(config: Config) -> Limits:
    return Limits(
        max_calls=config.max_calls,
        max_calls_per_connection=config.max_calls_per_connection,
        max_watchers=config.max_watchers,
        write_timeout_s=config.watch_write_timeout_s,
        max_connections=max_connections(),
    )


def _tune_garbage_collection() -> None:
    """Collect garbage less often: most objects of a call are freed at its end without it.

    With Python's defaults the collector takes a fifth of the time of a busy server. On grpcio each
    call leaves a small cycle, from its context to its callback and back: with a threshold of 50,000
    their collection would stop the event loop for 50 ms, with this one for 3 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 50)


async def serve(config: Config, announce: Callable[[Running], None] = lambda _: None) -> None:
    """Run a server until SIGTERM or SIGINT, then stop it gracefully.

    Args:
        config: The settings.

        announce: Called once the server serves.

    Raises:
        Exception: As `running`.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    open_files = raise_open_files()
    return_large_blocks()
    async with running(config, start_tracing(os.environ)) as server:
        _tune_garbage_collection()
        log_start(config, server.address, server.listener, server.limits, open_files)
        log_listener(config, server.listener)
        announce(server)
        await stopping.wait()
        _log.info("stopping")
        for number in (signal.SIGTERM, signal.SIGINT):
            # A second signal ends the process at once.
            loop.remove_signal_handler(number)
    _log.info("stopped")
