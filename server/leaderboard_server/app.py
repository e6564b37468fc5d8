"""Builds the server from its parts, in order, and closes them in the reverse order."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from typing import NamedTuple

import structlog

from leaderboard_server.board.boards import Boards
from leaderboard_server.board.committer import Committer
from leaderboard_server.board.ranks import Ranks
from leaderboard_server.config import Config
from leaderboard_server.service.leaderboard import LeaderboardService
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.embedded import EmbeddedStore
from leaderboard_server.storage.feed import Feed
from leaderboard_server.storage.link import Link
from leaderboard_server.storage.monitor import Monitor
from leaderboard_server.storage.store import Retention, Store
from leaderboard_server.storage.streams import Streams
from leaderboard_server.transport.choice import ListenerName, choose, make_listener
from leaderboard_server.transport.health import Health
from leaderboard_server.transport.listener import Limits
from leaderboard_server.transport.methods import SERVICE_NAME, Methods
from leaderboard_server.transport.ready import ReadyAnswers
from leaderboard_server.transport.services import services
from leaderboard_server.watch.hub import Hub
from leaderboard_server.watch.watchers import Watchers

_log = structlog.get_logger()


class Running(NamedTuple):
    """What is known of a server that runs."""

    port: int
    listener: ListenerName


@contextlib.asynccontextmanager
async def running(config: Config) -> AsyncIterator[Running]:
    """Run a server, and yield what it listens on.

    Raises:
        FrontMissing: The front was asked for and is not installed.

        OSError: The address can't be listened on.

        EmbeddedStoreError: The embedded store can't be started.
    """
    listener_name = choose(config.listener)
    async with contextlib.AsyncExitStack() as stack:
        url = await _store_url(config, stack)
        driver = connect(url)
        stack.push_async_callback(driver.aclose)

        # Apart, so that a large answer doesn't hold up a commit.
        writes, reads = Link(driver), Link(driver)
        store = Store(writes, reads, Retention(config.history_changes, config.request_retention_s))
        feed = Feed(driver)
        streams = Streams(store, feed)
        committer = Committer(store, announce=streams.offer)
        ready = ReadyAnswers()
        boards = Boards(store, streams, withdraw=ready.withdraw)
        ranks = Ranks(store)
        hub = Hub(streams, config.history_changes)
        watchers = Watchers(hub, boards, store)
        service = LeaderboardService(committer, boards, ranks, watchers)
        health = Health(SERVICE_NAME)
        listener = make_listener(
            listener_name,
            services(Methods(service, ready), health),
            config.address,
            _limits(config),
            ready,
        )
        monitor = Monitor(driver, tell=health.set_serving)

        for part in (writes, reads, feed, streams, boards, ranks, committer):
            stack.push_async_callback(part.close)
        feed.start()
        streams.start()
        boards.start()
        port = await listener.start()
        stack.push_async_callback(listener.stop)
        stack.callback(health.end_watches)
        monitor.start()
        stack.push_async_callback(monitor.close)
        yield Running(port, listener_name)
        hub.drain()
        health.drain()
        await listener.drain()


async def _store_url(config: Config, stack: contextlib.AsyncExitStack) -> str:
    if config.redis_url:
        return config.redis_url.get_secret_value()
    embedded = await stack.enter_async_context(EmbeddedStore(config.data_dir))
    return embedded.url


def _limits(config: Config) -> Limits:
    return Limits(
        max_calls=config.max_calls,
        max_watchers=config.max_watchers,
        write_timeout_s=config.watch_write_timeout_s,
    )


async def serve(config: Config) -> None:
    """Run a server until SIGTERM or SIGINT, then stop it in good order."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with running(config) as server:
        host = config.address.rpartition(":")[0]
        _log.info("serving", address=f"{host}:{server.port}", listener=server.listener)
        await stopping.wait()
        _log.info("stopping")
        for number in (signal.SIGTERM, signal.SIGINT):
            # Whoever asks a second time doesn't want to wait.
            loop.remove_signal_handler(number)
    _log.info("stopped")
