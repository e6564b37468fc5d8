"""The narrow interface to the store: commands that are sent and answered."""

from collections.abc import Awaitable, Hashable
from typing import Any, NamedTuple, Protocol

from leaderboard_server.storage.resp_protocol import Argument, ReplyReceiver


class StoreConnection(Protocol):
    """A connection to the store: to one node, or to all nodes of a cluster."""

    def call(self, *command: Argument) -> Awaitable[Any]:
        """Return the store's reply to a command; see `PipelinedConnection.call`."""

    def send(self, command: tuple[Argument, ...], receiver: ReplyReceiver) -> bool:
        """Send a command if the connection is open; see `PipelinedConnection.send`."""

    def shard_of(self, key: str) -> Hashable:
        """Return what stands for the shard that has a key at present, the same for all its keys."""

    async def layout(self) -> "Layout":
        """Return how the keys are spread by now."""


class Layout(NamedTuple):
    """How the keys of a store are spread over its nodes."""

    shards: tuple[StoreConnection, ...]
    """Connections to the nodes, each of which has keys of its own."""
    version: int = 0
    """Rises when keys were moved from node to node."""
    moving: bool = False
    """Whether keys are being moved."""
