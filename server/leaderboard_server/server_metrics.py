"""The metrics of one server: the instruments of its parts, and what a scrape reads from them."""

import platform
from functools import partial
from importlib.metadata import version

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.registry import Collector

from leaderboard_server.board.boards import Boards
from leaderboard_server.board.instruments import BoardInstruments
from leaderboard_server.contests.deletion import ExpirySweep
from leaderboard_server.contests.instruments import SweepInstruments
from leaderboard_server.domain.watch import WatchScope
from leaderboard_server.embedded_valkey import EmbeddedStore, UsageGauges
from leaderboard_server.metrics import catalogue
from leaderboard_server.metrics.instruments import Instruments
from leaderboard_server.metrics.loop_delay import LoopDelay
from leaderboard_server.replication.feed import Feed
from leaderboard_server.replication.instruments import ReplicationInstruments
from leaderboard_server.replication.log_followers import LogFollowers
from leaderboard_server.storage.backend import StoreMonitor
from leaderboard_server.storage.instruments import StoreInstruments
from leaderboard_server.transport.call_metrics import CallMetrics
from leaderboard_server.transport.choice import ListenerName
from leaderboard_server.transport.error_counts import ErrorCounts
from leaderboard_server.transport.listener import Limits, Listener
from leaderboard_server.watch.hub import WatchHub
from leaderboard_server.watch.instruments import WatchInstruments
from leaderboard_server.watch.watchers import Watchers


class ServerMetrics:
    """The registry of a server, and the instruments of its parts."""

    def __init__(self, listener: ListenerName) -> None:
        """Count for a server with this listener."""
        self.registry = CollectorRegistry()
        self.instruments = Instruments(self.registry)
        self.store = StoreInstruments(self.instruments)
        self.replication = ReplicationInstruments(self.instruments)
        self.board = BoardInstruments(self.instruments)
        self.watch = WatchInstruments(self.instruments)
        self.sweep = SweepInstruments(self.instruments)
        self.errors = ErrorCounts(self.instruments)
        self.loop_delay = LoopDelay(self.instruments.histogram(catalogue.LOOP_DELAY_SECONDS))
        self._usage: UsageGauges | None = None
        ProcessCollector(registry=self.registry)
        set_build_info(self.instruments, listener)
        for gauge in (catalogue.WORKERS, catalogue.WORKERS_CONFIGURED):
            self.instruments.set_gauge(gauge, lambda: 1)

    def read_embedded_store(self, store: EmbeddedStore) -> None:
        """Read what the embedded store takes."""
        self._usage = store.usage(self.instruments)

    def read_listener(self, listener: Listener, limits: Limits) -> None:
        """Read the counts of the listener, and show its limits."""
        self.registry.register(CallMetrics(listener.counts, limits))

    def read_parts(
        self,
        *,
        monitor: StoreMonitor,
        feed: Feed,
        followers: LogFollowers,
        boards: Boards,
        hub: WatchHub,
        watchers: Watchers,
        sweep: ExpirySweep,
    ) -> None:
        """Read the sizes and states of the parts."""
        for metric, read in {
            catalogue.STORE_AVAILABLE: lambda: monitor.available,
            catalogue.STORE_SHARDS: lambda: monitor.shards,
            catalogue.STORE_SHARDS_AVAILABLE: lambda: monitor.available_shards,
            catalogue.FEED_CONNECTED: lambda: feed.connected,
            catalogue.FOLLOWED_CONTESTS: lambda: len(followers.by_contest),
            catalogue.TOP_WINDOWS: lambda: boards.size,
            catalogue.WATCHED_CONTESTS: lambda: hub.size,
            catalogue.CONTESTS: lambda: sweep.found,
        }.items():
            self.instruments.set_gauge(metric, read)
        for scope in WatchScope:
            read_open = partial(watchers.open.__getitem__, scope)
            self.instruments.set_gauge(catalogue.WATCHERS, read_open, scope=scope.value)

    async def collect(self) -> Collector:
        """Return the registry, which is up to date."""
        if self._usage:
            await self._usage.refresh()
        return self.registry


def set_build_info(instruments: Instruments, listener: ListenerName) -> None:
    """Have the gauge that names the versions and the listener of a server."""
    instruments.set_gauge(
        catalogue.BUILD_INFO,
        lambda: 1,
        version=version("leaderboard-server"),
        listener=listener,
        python=platform.python_version(),
    )
