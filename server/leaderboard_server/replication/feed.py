"""The feed: delivers the commits of all followed contests, by pub/sub."""

from typing import Protocol

from leaderboard_server.replication.cluster_feed import ClusterFeed
from leaderboard_server.replication.commit_receiver import CommitReceiver
from leaderboard_server.replication.instruments import ReplicationInstruments
from leaderboard_server.replication.single_feed import SingleFeed
from leaderboard_server.storage.backend import Backend, SingleBackend


class Feed(Protocol):
    """Delivers the published commits of subscribed contests. Open from `start` to `close`."""

    @property
    def connected(self) -> bool:
        """Whether the commits of all shards that reply can be received, by the last heartbeats."""

    def delivers(self, contest_id: str) -> bool:
        """Return whether the commits of a contest can be received, by the last heartbeat."""

    def is_away(self, contest_id: str) -> bool:
        """Return whether it is known that the shard of a contest does not reply.

        Then it makes no sense to wait for its commits.
        """

    def start(self) -> None:
        """Begin to keep the feed open."""

    async def close(self) -> None:
        """Close it."""

    def subscribe(self, contest_id: str, receiver: CommitReceiver) -> None:
        """Deliver the commits of a contest to `receiver`, from its `on_subscribed` on."""

    def unsubscribe(self, contest_id: str) -> None:
        """Stop delivering the commits of a contest."""


def make_feed(backend: Backend, instruments: ReplicationInstruments) -> Feed:
    """Return the feed of a store."""
    if isinstance(backend, SingleBackend):
        return SingleFeed(backend.driver, instruments)
    return ClusterFeed(backend.cluster, instruments)
