"""The seam to the listener: the stream of one watcher, and publishing to broadcast groups."""

from typing import Protocol

from leaderboard_server.domain.watch import WatchMessage


class WatchSink(Protocol):
    """The stream of one watcher."""

    async def send(self, message: WatchMessage) -> None:
        """Send a message, and wait until it is accepted.

        Raises:
            WatcherStalled: The watcher accepted nothing for the write timeout.
        """

    async def follow(self, group: str, revision: int) -> int:
        """Send the messages that are published to a broadcast group, and no others meanwhile.

        Args:
            group: The name of the group.

            revision: The revision up to which the watcher has all changes.

        Returns:
            The revision up to which it has all changes, once it is evicted: because its buffer was
            full, or because the group was closed.

        Raises:
            WatcherStalled: As `send`.
        """


class GroupPublisher(Protocol):
    """Publishes to broadcast groups."""

    def publish(self, group: str, message: WatchMessage) -> None:
        """Send a message to all followers of a group, without waiting.

        A follower whose buffer is full is evicted.
        """

    def close_group(self, group: str) -> None:
        """Evict all followers of a group."""
