"""Builds the server from its parts, in order, and closes them in the reverse order."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

import structlog

from leaderboard_server.board.boards import Boards
from leaderboard_server.board.committer import Committer
from leaderboard_server.config import Config
from leaderboard_server.service.leaderboard import LeaderboardService
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.embedded import EmbeddedStore
from leaderboard_server.storage.feed import Feed
from leaderboard_server.storage.monitor import Monitor
from leaderboard_server.storage.store import Retention, Store
from leaderboard_server.storage.streams import Streams
from leaderboard_server.transport.grpcio import GrpcioListener
from leaderboard_server.transport.methods import Methods
from leaderboard_server.watch.hub import Hub
from leaderboard_server.watch.watcher import Watchers

_log = structlog.get_logger()


@contextlib.asynccontextmanager
async def running(config: Config) -> AsyncIterator[int]:
    """Run a server, and yield the port it listens on.

    Raises:
        OSError: The address can't be listened on.

        EmbeddedStoreError: The embedded store can't be started.
    """
    async with contextlib.AsyncExitStack() as stack:
        url = await _store_url(config, stack)
        # Apart, so that none of them waits for a connection that another one holds.
        writes, reads, notices = (connect(url) for _ in range(3))
        for driver in (writes, reads, notices):
            stack.push_async_callback(driver.aclose)

        store = Store(writes, reads, Retention(config.history_changes, config.request_retention_s))
        feed = Feed(notices)
        streams = Streams(store, feed)
        committer = Committer(store, announce=streams.offer)
        boards = Boards(store, streams)
        hub = Hub(streams, config.history_changes)
        watchers = Watchers(hub, boards, store)
        service = LeaderboardService(committer, boards, store, watchers)
        listener = GrpcioListener(
            Methods(service), config.address, write_timeout_s=config.watch_write_timeout_s
        )
        monitor = Monitor(notices, tell=listener.set_serving)

        for part in (feed, streams, boards, committer):
            stack.push_async_callback(part.close)
        feed.start()
        streams.start()
        boards.start()
        port = await listener.start()
        stack.push_async_callback(listener.stop)
        monitor.start()
        stack.push_async_callback(monitor.close)
        yield port
        hub.drain()
        await listener.drain()


async def _store_url(config: Config, stack: contextlib.AsyncExitStack) -> str:
    if config.redis_url:
        return config.redis_url.get_secret_value()
    embedded = await stack.enter_async_context(EmbeddedStore(config.data_dir))
    return embedded.url


async def serve(config: Config) -> None:
    """Run a server until SIGTERM or SIGINT, then stop it in good order."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with running(config) as port:
        host = config.address.rpartition(":")[0]
        _log.info("serving", address=f"{host}:{port}")
        await stopping.wait()
        _log.info("stopping")
        for number in (signal.SIGTERM, signal.SIGINT):
            # Whoever asks a second time doesn't want to wait.
            loop.remove_signal_handler(number)
    _log.info("stopped")
