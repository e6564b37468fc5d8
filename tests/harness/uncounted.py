"""Instruments for parts of a server whose metrics a test does not read."""

from prometheus_client import CollectorRegistry

from leaderboard_server.board.instruments import BoardInstruments
from leaderboard_server.contests.instruments import SweepInstruments
from leaderboard_server.metrics.instruments import Instruments
from leaderboard_server.replication.instruments import ReplicationInstruments
from leaderboard_server.storage.instruments import StoreInstruments
from leaderboard_server.transport.error_counts import ErrorCounts
from leaderboard_server.watch.instruments import WatchInstruments
from leaderboard_web.watch.instruments import WatchInstruments as WebWatchInstruments


def store_instruments() -> StoreInstruments:
    """Return those of a store."""
    return StoreInstruments(_instruments())


def replication_instruments() -> ReplicationInstruments:
    """Return those of the feed and of log followers."""
    return ReplicationInstruments(_instruments())


def board_instruments() -> BoardInstruments:
    """Return those of commits and reads."""
    return BoardInstruments(_instruments())


def watch_instruments() -> WatchInstruments:
    """Return those of watchers."""
    return WatchInstruments(_instruments())


def web_watch_instruments() -> WebWatchInstruments:
    """Return those of watches of a gateway."""
    return WebWatchInstruments(_instruments())


def sweep_instruments() -> SweepInstruments:
    """Return those of sweeps."""
    return SweepInstruments(_instruments())


def error_counts() -> ErrorCounts:
    """Return those of methods."""
    return ErrorCounts(_instruments())


def _instruments() -> Instruments:
    return Instruments(CollectorRegistry())
