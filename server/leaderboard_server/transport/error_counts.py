"""Counts the errors that callers get from the services, by their reason.

What a listener refuses by itself is counted by the listener.
"""

from leaderboard.v1 import error_reason_pb2 as reasons
from leaderboard_server.domain.errors import LeaderboardError
from leaderboard_server.metrics import catalogue
from leaderboard_server.metrics.instruments import Instruments
from leaderboard_server.transport.listener import Stream, StreamMethod, UnaryMethod
from leaderboard_server.transport.statuses import reason_of

_PREFIX = "ERROR_REASON_"


class ErrorCounts:
    """The number of errors by reason."""

    def __init__(self, instruments: Instruments) -> None:
        self._counters = {
            reason: instruments.counter(catalogue.ERRORS, reason=name.removeprefix(_PREFIX))
            for name, reason in reasons.ErrorReason.items()
        }

    def count(self, error: Exception, calls: int = 1) -> None:
        """Count the error of some calls; any but a `LeaderboardError` is a defect."""
        reason = reasons.ERROR_REASON_INTERNAL
        if isinstance(error, LeaderboardError):
            reason = reason_of(error)
        self._counters[reason].add(calls)

    def counted(self, method: UnaryMethod) -> UnaryMethod:
        """Return a method whose errors are counted."""

        async def call(request: bytes) -> bytes:
            try:
                return await method(request)
            except Exception as error:
                self.count(error)
                raise

        return call

    def counted_stream(self, method: StreamMethod) -> StreamMethod:
        """Return a method whose errors are counted."""

        async def call(request: bytes, stream: Stream) -> None:
            try:
                await method(request, stream)
            except Exception as error:
                self.count(error)
                raise

        return call
