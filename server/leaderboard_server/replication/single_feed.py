"""The feed of a store on one node, or behind Sentinel: one connection for all contests."""

from typing import Any

from redis.asyncio import Redis

from leaderboard_server.replication.commit_receiver import CommitReceiver, channel_of
from leaderboard_server.replication.feed_connection import FeedConnection
from leaderboard_server.replication.instruments import ReplicationInstruments


class SingleFeed:
    """Delivers the published commits of subscribed contests. Implements `feed.Feed`."""

    def __init__(self, driver: Redis, instruments: ReplicationInstruments) -> None:
        self._instruments = instruments
        self._receivers: dict[bytes, CommitReceiver] = {}
        """By the name of the channel."""
        self._connection = FeedConnection(driver, self, instruments)
        self.start = self._connection.start
        self.close = self._connection.close

    @property
    def connected(self) -> bool:
        """See `Feed`."""
        return self._connection.connected

    def delivers(self, _contest_id: str) -> bool:
        """See `Feed`."""
        return self._connection.connected

    def is_away(self, _contest_id: str) -> bool:
        """See `Feed`: the store may be back at any time, and callers wait for it."""
        return False

    def subscribe(self, contest_id: str, receiver: CommitReceiver) -> None:
        """See `Feed`."""
        channel = channel_of(contest_id)
        self._receivers[channel] = receiver
        if self.connected:
            self._connection.send([("SUBSCRIBE", channel)])

    def unsubscribe(self, contest_id: str) -> None:
        """See `Feed`."""
        channel = channel_of(contest_id)
        if self._receivers.pop(channel, None) and self.connected:
            self._connection.send([("UNSUBSCRIBE", channel)])

    def on_open(self) -> None:
        """See `FeedObserver`."""
        if self._receivers:
            self._connection.send([("SUBSCRIBE", *self._receivers)])

    def on_lost(self) -> None:
        """See `FeedObserver`."""
        for receiver in list(self._receivers.values()):
            receiver.on_connection_lost()

    def on_message(self, kind: bytes, channel: bytes, payload: Any) -> None:
        """See `FeedObserver`."""
        if receiver := self._receivers.get(channel):
            if kind == b"message":
                self._instruments.messages.add()
                receiver.on_message(payload)
            elif kind == b"subscribe":
                receiver.on_subscribed()
