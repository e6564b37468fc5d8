"""A gRPC listener for asyncio whose HTTP/2 runs on a thread of its own, outside the interpreter."""

from leaderboard_front.listener import EndedConnections, Handlers, Listener
from leaderboard_front.settings import Settings, Status
from leaderboard_front.stream import Stream, StreamStalled

__all__ = [
    "EndedConnections",
    "Handlers",
    "Listener",
    "Settings",
    "Status",
    "Stream",
    "StreamStalled",
]
