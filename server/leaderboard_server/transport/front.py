"""The fast listener: HTTP/2 and gRPC run in `leaderboard_front`, outside the interpreter.

This is the only module that imports it, and is itself imported only where it is installed.
"""

import signal

import structlog

import leaderboard_front
from leaderboard_front import Handlers, Settings, StreamStalled
from leaderboard_server.domain.errors import LeaderboardError, ServerDraining
from leaderboard_server.transport.listener import GRACE_S, Limits, Services
from leaderboard_server.transport.parsing import MAX_REQUEST_BYTES
from leaderboard_server.transport.ready import ReadyAnswers
from leaderboard_server.transport.statuses import (
    MessageTooLarge,
    Overloaded,
    ReceiverStalled,
    status_of_any,
)

_log = structlog.get_logger()

_REFUSALS: dict[str, LeaderboardError] = {
    "message": MessageTooLarge(MAX_REQUEST_BYTES),
    "calls": Overloaded("calls"),
    "streams": Overloaded("watches"),
    "queue": Overloaded("queue"),
    "memory": Overloaded("memory"),
    "stopping": ServerDraining(),
}


class FrontListener:
    """Serves on one address. Open from `start` to `stop`."""

    def __init__(
        self, services: Services, address: str, limits: Limits, ready: ReadyAnswers
    ) -> None:
        """Serve `services` on `address`, within the limits, and hold `ready`."""
        settings = Settings(
            address=address,
            unlimited=services.unlimited,
            max_message_bytes=MAX_REQUEST_BYTES,
            max_calls=limits.max_calls,
            max_streams=limits.max_watchers,
            write_timeout_s=limits.write_timeout_s,
            refusals={limit: _told(error) for limit, error in _REFUSALS.items()},
        )
        handlers = Handlers(services.unary, services.stream, services.conversation)
        self._listener = leaderboard_front.Listener(settings, handlers, _status_of)
        ready.hold_in(self._listener.front)
        self._draining = False

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            OSError: The address can't be listened on.
        """
        port = await self._listener.start()
        self._listener.stopped.add_done_callback(self._on_stopped)
        return port

    async def drain(self) -> None:
        """Take no new connections, and ask callers to leave those there are."""
        self._draining = True
        self._listener.front.drain()

    async def stop(self) -> None:
        """Take no more calls, and wait for those under way, for the grace at most."""
        await self._listener.stop(GRACE_S)

    def _on_stopped(self, _: object) -> None:
        if not self._draining:
            # Its thread panicked. Nobody is served any more, so the server has to end.
            _log.error("defect", reason="the listener ended by itself")
            signal.raise_signal(signal.SIGTERM)


def _status_of(error: Exception) -> leaderboard_front.Status:
    return _told(ReceiverStalled() if isinstance(error, StreamStalled) else error)


def _told(error: Exception) -> leaderboard_front.Status:
    status = status_of_any(error)
    return leaderboard_front.Status(status.code, status.message, status.SerializeToString())
