"""Counts what the feed delivers, how late, and what is read from commit logs."""

from leaderboard_server.metrics import catalogue
from leaderboard_server.metrics.instruments import Instruments


class ReplicationInstruments:
    """The instruments of the feed and of log followers.

    Attributes:
        connections: Times that the feed was connected.
        messages: Messages that the feed received.
        commit_lag: The time from the reply to a commit of this server to its message, in seconds.
        heartbeat_lag: The time from the sending of a heartbeat to its reply, in seconds.
        log_reads: Reads of a commit log to catch up.
    """

    def __init__(self, instruments: Instruments) -> None:
        self.connections = instruments.counter(catalogue.FEED_CONNECTIONS)
        self.messages = instruments.counter(catalogue.FEED_MESSAGES)
        lag = catalogue.FEED_LAG_SECONDS
        self.commit_lag = instruments.histogram(lag, source="commit")
        self.heartbeat_lag = instruments.histogram(lag, source="heartbeat")
        self.log_reads = instruments.counter(catalogue.LOG_READS)
