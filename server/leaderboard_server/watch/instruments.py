"""Counts what watchers are sent, and those that can't keep up."""

from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_server.metrics import catalogue
from leaderboard_server.metrics.instruments import Instruments


class WatchInstruments:
    """The instruments of watchers.

    Attributes:
        snapshots: Snapshots that were sent, by their reason.
        resumed: Watches that resumed.
        not_resumed: Watches that were to resume, and began with a snapshot.
        lagged: Watchers that left a broadcast group because their buffer was full.
        stalled: Watches that ended because the watcher accepted nothing.
    """

    def __init__(self, instruments: Instruments) -> None:
        self.snapshots = {
            reason: instruments.counter(catalogue.WATCH_SNAPSHOTS, reason=reason.name)
            for reason in SnapshotReason
        }
        resumes = catalogue.WATCH_RESUMES
        self.resumed = instruments.counter(resumes, result="resumed")
        self.not_resumed = instruments.counter(resumes, result="snapshot")
        self.lagged = instruments.counter(catalogue.WATCHERS_LAGGED)
        self.stalled = instruments.counter(catalogue.WATCHERS_DROPPED, cause="stalled")
