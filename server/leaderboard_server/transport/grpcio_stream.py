"""The messages of one call of grpcio, and the receiver that takes none of them."""

import asyncio
from typing import Any, TypeAlias

import grpc

from leaderboard_server.transport.broadcast_groups import Channels
from leaderboard_server.transport.statuses import ReceiverStalled

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"


class GrpcioStream:
    """Sends messages, one at a time; see `listener.Stream`."""

    def __init__(self, context: Context, write_timeout_s: float, channels: Channels[bytes]) -> None:
        self._context = context
        self._write_timeout_s = write_timeout_s
        self._channels = channels
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[Any] | None = None
        """Who writes."""
        self._due: float | None = None
        """When the write that is under way has taken too long."""
        self._watchdog: asyncio.TimerHandle | None = None
        """One timer for all writes: `asyncio.timeout` for each took a fifth of their time."""
        self._stalled = False
        self.publish = channels.publish
        self.close = channels.close

    async def __call__(self, message: bytes) -> None:
        """Send one message.

        Raises:
            ReceiverStalled: The receiver took nothing for the write timeout.
        """
        self._task = asyncio.current_task(self._loop)
        self._due = self._loop.time() + self._write_timeout_s
        if not self._watchdog:
            self._watchdog = self._loop.call_at(self._due, self._look)
        try:
            await self._context.write(message)
        except asyncio.CancelledError:
            if self._stalled and self._task and not self._task.uncancel():
                raise ReceiverStalled from None
            raise
        finally:
            self._due = None

    async def follow(self, channel: str, mark: int) -> int:
        """See `listener.Stream.follow`."""
        return await self._channels.follow(channel, mark, self)

    def release(self) -> None:
        """Let go of what is left when the call is over."""
        if self._watchdog:
            self._watchdog.cancel()

    def _look(self) -> None:
        self._watchdog = None
        if self._due is None:
            return
        if self._loop.time() < self._due:
            self._watchdog = self._loop.call_at(self._due, self._look)
        elif self._task:
            self._stalled = True
            self._task.cancel()
