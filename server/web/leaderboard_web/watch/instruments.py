"""Counts what browsers that watch are sent."""

from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_server.metrics.instruments import Instruments
from leaderboard_web.edge import catalogue


class WatchInstruments:
    """The instruments of all watches of a gateway.

    Attributes:
        watches: WebSockets that are open now.
        groups: Watches of the service that are open now.
        messages: Messages that were sent to browsers.
        merged: Those of them that were merged of several, for a browser that was behind.
        snapshots: Snapshots that were sent, by their reason.
        outages: Outages of the service, each counted by every group.
        fan_out: The time from the arrival of a message until all sockets of its group have it.
    """

    def __init__(self, instruments: Instruments) -> None:
        self.watches = 0
        self.groups = 0
        instruments.set_gauge(catalogue.WATCHES_OPEN, lambda: self.watches)
        instruments.set_gauge(catalogue.WATCH_GROUPS, lambda: self.groups)
        self.messages = instruments.counter(catalogue.WATCH_MESSAGES)
        self.merged = instruments.counter(catalogue.WATCH_MESSAGES_MERGED)
        self.snapshots = {
            reason: instruments.counter(catalogue.WATCH_SNAPSHOTS, reason=reason.name)
            for reason in SnapshotReason
        }
        self.outages = instruments.counter(catalogue.WATCH_OUTAGES)
        self.fan_out = instruments.histogram(catalogue.WATCH_FAN_OUT_SECONDS)
        self._instruments = instruments

    def count_refusal(self, limit: str) -> None:
        """Count a watch that a limit refused."""
        self._instruments.counter(catalogue.WATCHES_REFUSED, limit=limit).add()
