"""Counts what the watches of a gateway are sent; its metrics read them."""

from collections import Counter

from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_server.metrics.instruments import Histogram

FAN_OUT_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds in seconds."""


class WatchCounts:
    """The counts of all groups of a gateway."""

    def __init__(self) -> None:
        self.watches = 0
        """WebSockets that are open now."""
        self.groups = 0
        """Watches of the service that are open now."""
        self.messages = 0
        """Messages that were sent to browsers."""
        self.merged = 0
        """Those that were merged of several messages, for a browser that was behind."""
        self.snapshots = Counter[SnapshotReason]()
        """Snapshots that were sent, by their reason."""
        self.outages = 0
        """Outages of the service, each counted once for each group."""
        self.refused = Counter[str]()
        """Watches that were refused by a limit, by its name."""
        self.fan_out = Histogram(FAN_OUT_BUCKETS)
        """The seconds from the arrival of a message until it was written to all sockets of its
        group that accept it."""
