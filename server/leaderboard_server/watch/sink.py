"""Where what watchers are told goes: the seam to the listener."""

from typing import Protocol

from leaderboard_server.domain.watch import WatchMessage


class WatchSink(Protocol):
    """One watcher's stream, and the channels that many streams can follow."""

    async def send(self, message: WatchMessage) -> None:
        """Send a message, and wait until it is taken.

        Raises:
            WatcherStalled: The watcher took nothing for the write timeout.
        """

    async def follow(self, channel: str, revision: int) -> int:
        """Have what is published to a channel from now on, and nothing else meanwhile.

        Args:
            channel: The name of the channel.

            revision: Up to where the stream was told everything.

        Returns:
            Up to where it was told everything, once it did not keep up or the channel is closed.

        Raises:
            WatcherStalled: The watcher took nothing for the write timeout.
        """

    def publish(self, channel: str, message: WatchMessage) -> None:
        """Hand a message to all streams that follow a channel; who can't take it is left behind."""

    def close(self, channel: str) -> None:
        """Let all streams go that follow a channel."""
