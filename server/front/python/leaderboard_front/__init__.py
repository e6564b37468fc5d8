"""A gRPC listener for asyncio whose HTTP/2 runs on a thread of its own, outside the interpreter."""

from leaderboard_front.counts import (
    UNKNOWN_METHOD,
    Counts,
    EndedCall,
    EndedConnections,
    MethodCounts,
)
from leaderboard_front.handlers import Handlers
from leaderboard_front.listener import Listener
from leaderboard_front.settings import Settings, Status
from leaderboard_front.stream import Stream, StreamStalled

__all__ = [
    "UNKNOWN_METHOD",
    "Counts",
    "EndedCall",
    "EndedConnections",
    "Handlers",
    "Listener",
    "MethodCounts",
    "Settings",
    "Status",
    "Stream",
    "StreamStalled",
]
