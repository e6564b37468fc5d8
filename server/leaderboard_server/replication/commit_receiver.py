"""Receiver of the published commits of one contest, and the channel that they come by."""

from typing import Protocol

from leaderboard_server.storage import keys


class CommitReceiver(Protocol):
    """Gets the messages of one contest."""

    def on_subscribed(self) -> None:
        """From now on every commit is received."""

    def on_message(self, payload: bytes) -> None:
        """A commit was published."""

    def on_connection_lost(self) -> None:
        """Commits may be missed until `on_subscribed` is called again."""


def channel_of(contest_id: str) -> bytes:
    """Return the channel of a contest."""
    return keys.channel(contest_id).encode()
