"""Opens a store from its URL: one node, one behind Sentinel, or a cluster."""

from pathlib import Path
from typing import Protocol, TypeAlias

from redis.asyncio import Redis

from leaderboard_server.storage.cluster.checks import absence_of
from leaderboard_server.storage.cluster.cluster import Cluster
from leaderboard_server.storage.cluster.connection import ClusterConnection
from leaderboard_server.storage.cluster.monitor import ClusterMonitor
from leaderboard_server.storage.cluster.url import SCHEMES as CLUSTER_SCHEMES
from leaderboard_server.storage.connection import connect, connect_cluster
from leaderboard_server.storage.monitor import AvailabilityCallback, Monitor
from leaderboard_server.storage.pipelined_connection import PipelinedConnection


class StoreMonitor(Protocol):
    """Watches whether the store can be used, from `start` to `close`."""

    available: bool
    """Whether the store, or any shard of a cluster, replies and passed its checks."""

    @property
    def shards(self) -> int:
        """The number of shards of the store."""

    @property
    def available_shards(self) -> int:
        """The number of those that reply and passed their checks."""

    def start(self) -> None:
        """Begin to watch."""

    async def close(self) -> None:
        """Stop it."""


class SingleBackend:
    """The connections to a store on one node, perhaps behind Sentinel.

    Attributes:
        driver: Opens further connections to it.
        writes: The connection for commits.
        reads: The connection for reads; two, so that a large reply does not delay a commit.
    """

    in_cluster = False

    def __init__(self, driver: Redis) -> None:
        self.driver = driver
        self.writes = PipelinedConnection(driver)
        self.reads = PipelinedConnection(driver)

    def monitor(self, on_change: AvailabilityCallback) -> StoreMonitor:
        """Return what watches whether the store can be used, which calls `on_change`."""
        return Monitor(self.driver, on_change)

    def absence(self) -> str:
        """Return why the store can't be used beyond the cause of a failed call: nothing here."""
        return ""

    async def close(self) -> None:
        """Drop the connections; calls in flight fail."""
        await self.reads.close()
        await self.writes.close()
        await self.driver.aclose()


class ClusterBackend:
    """The connections to a cluster.

    Attributes:
        cluster: The nodes.
        writes: The connection for commits, one on each node.
        reads: The connection for reads, likewise.
    """

    in_cluster = True

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.writes = ClusterConnection(cluster, "writes")
        self.reads = ClusterConnection(cluster, "reads")

    def monitor(self, on_change: AvailabilityCallback) -> StoreMonitor:
        """Return what watches which shards can be used, which calls `on_change`."""
        return ClusterMonitor(self.cluster, on_change)

    def absence(self) -> str:
        """Return which shards do not reply, and why."""
        return absence_of(self.cluster).reason

    async def close(self) -> None:
        """Drop the connections; calls in flight fail."""
        await self.cluster.close()


Backend: TypeAlias = SingleBackend | ClusterBackend


def open_backend(url: str, password_file: Path | None = None) -> Backend:
    """Return the connections to a store, which open on first use.

    Args:
        url: As for `connection.connect`, or for `connection.connect_cluster`.

        password_file: The file with the password of the URL's user; the URL then has none.

    Raises:
        StoreUrlInvalid: The URL has another form, or an unknown option.

        PasswordFileUnusable: The password can't be read.
    """
    if url.startswith(CLUSTER_SCHEMES):
        return ClusterBackend(connect_cluster(url, password_file))
    return SingleBackend(connect(url, password_file))
