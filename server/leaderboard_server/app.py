"""Builds the server from its parts, in order, and closes them in the reverse order."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import structlog

from leaderboard_server.board.boards import Boards
from leaderboard_server.board.committer import Committer
from leaderboard_server.board.ranks import Ranks
from leaderboard_server.config import Config
from leaderboard_server.embedded_valkey import EmbeddedStore
from leaderboard_server.replication.feed import Feed
from leaderboard_server.replication.log_followers import LogFollowers
from leaderboard_server.service.leaderboard import LeaderboardService
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.monitor import Monitor
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from leaderboard_server.storage.store import Retention, Store
from leaderboard_server.transport.choice import ListenerName, choose, make_listener
from leaderboard_server.transport.health import Health
from leaderboard_server.transport.listener import Endpoint, Limits
from leaderboard_server.transport.methods import SERVICE_NAME, Methods
from leaderboard_server.transport.response_cache import ResponseCache
from leaderboard_server.transport.services import services
from leaderboard_server.transport.tls import TlsFiles, TlsRenewal
from leaderboard_server.watch.hub import WatchHub
from leaderboard_server.watch.watchers import Watchers

_log = structlog.get_logger()


class Running(NamedTuple):
    """What is known of a server that runs."""

    address: str
    """HOST:PORT, with the port that was taken."""
    listener: ListenerName


@contextlib.asynccontextmanager
async def running(config: Config) -> AsyncIterator[Running]:
    """Run a server, and yield what it listens on.

    Raises:
        FrontMissing: The front was asked for and is not installed.

        TlsUnusable: The files for TLS can't be used.

        StoreUrlInvalid: The driver can't use the store's URL.

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
        url = await _store_url(config, stack)
        driver = connect(url)
        stack.push_async_callback(driver.aclose)

        # Apart, so that a large answer doesn't hold up a commit.
        writes, reads = PipelinedConnection(driver), PipelinedConnection(driver)
        store = Store(writes, reads, Retention(config.history_changes, config.request_retention_s))
        feed = Feed(driver)
        followers = LogFollowers(store, feed)
        committer = Committer(store, announce=followers.observe_own_commit)
        ready = ResponseCache()
        boards = Boards(store, followers, invalidate=ready.invalidate)
        ranks = Ranks(store)
        hub = WatchHub(followers, config.history_changes)
        watchers = Watchers(hub, boards, store)
        service = LeaderboardService(committer, boards, ranks, watchers)
        health = Health(SERVICE_NAME)
        listener = make_listener(
            listener_name,
            services(Methods(service, ready), health),
            endpoint,
            _limits(config),
            ready,
        )
        monitor = Monitor(driver, on_change=health.set_serving)

        for part in (writes, reads, feed, followers, boards, ranks, committer):
            stack.push_async_callback(part.close)
        feed.start()
        followers.start()
        boards.start()
        port = await listener.start()
        stack.push_async_callback(listener.stop)
        stack.callback(health.end_watches)
        monitor.start()
        stack.push_async_callback(monitor.close)
        if renewal:
            renewal.start(listener.renew)
            stack.push_async_callback(renewal.close)
        yield Running(f"{config.address.rpartition(':')[0]}:{port}", listener_name)
        hub.drain()
        health.drain()
        await listener.drain()


async def _store_url(config: Config, stack: contextlib.AsyncExitStack) -> str:
    if config.redis_url:
        return config.redis_url.get_secret_value()
    embedded = await stack.enter_async_context(EmbeddedStore(config.data_dir))
    return embedded.url


def _tls_files(config: Config) -> TlsFiles | None:
    if not (config.tls_cert and config.tls_key):
        return None
    return TlsFiles(
        chain=config.tls_cert, key=config.tls_key, client_authorities=config.tls_client_ca
    )


def _limits(config: Config) -> Limits:
    return Limits(
        max_calls=config.max_calls,
        max_watchers=config.max_watchers,
        write_timeout_s=config.watch_write_timeout_s,
    )


def _collect_seldom() -> None:
    """Have garbage looked for less often: what a call makes is freed when it ends, without that.

    With Python's own numbers the collector takes a fifth of the time of a busy server.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def serve(config: Config, announce: Callable[[], None] = lambda: None) -> None:
    """Run a server until SIGTERM or SIGINT, then stop it in good order.

    Args:
        config: What it is to be.

        announce: Called once it serves.

    Raises:
        Exception: As `running`.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with running(config) as server:
        _collect_seldom()
        _log.info(
            "serving",
            address=server.address,
            listener=server.listener,
            tls=config.tls_cert is not None,
        )
        announce()
        await stopping.wait()
        _log.info("stopping")
        for number in (signal.SIGTERM, signal.SIGINT):
            # Whoever asks a second time doesn't want to wait.
            loop.remove_signal_handler(number)
    _log.info("stopped")
