"""The response messages of one call on grpcio, with a write timeout."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias

import grpc

from leaderboard_server.transport.broadcast_groups import BroadcastGroups
from leaderboard_server.transport.statuses import ReceiverStalled

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"


class GrpcioStream:
    """Sends messages, one at a time; see `listener.Stream`."""

    def __init__(
        self,
        context: Context,
        write_timeout_s: float,
        groups: BroadcastGroups[bytes],
        on_sent: Callable[[bytes], None],
    ) -> None:
        self._context = context
        self._on_sent = on_sent
        self._write_timeout_s = write_timeout_s
        self._groups = groups
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[Any] | None = None
        """The task that writes."""
        self._deadline: float | None = None
        """The deadline of the write in flight."""
        self._timer: asyncio.TimerHandle | None = None
        """One timer for all writes: `asyncio.timeout` for each took a fifth of their time."""
        self._stalled = False

    async def send(self, message: bytes) -> None:
        """Send one message.

        Raises:
            ReceiverStalled: The receiver accepted nothing for the write timeout.
        """
        self._task = asyncio.current_task(self._loop)
        self._deadline = self._loop.time() + self._write_timeout_s
        if not self._timer:
            self._timer = self._loop.call_at(self._deadline, self._check_timeout)
        try:
            await self._context.write(message)
            self._on_sent(message)
        except asyncio.CancelledError:
            if self._stalled and self._task and not self._task.uncancel():
                raise ReceiverStalled from None
            raise
        finally:
            self._deadline = None

    async def follow(self, group: str, cursor: int) -> int:
        """See `listener.Stream.follow`."""
        return await self._groups.follow(group, cursor, self.send)

    def close(self) -> None:
        """Stop the timer at the end of the call."""
        if self._timer:
            self._timer.cancel()

    def _check_timeout(self) -> None:
        self._timer = None
        if self._deadline is None:
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._check_timeout)
        elif self._task:
            self._stalled = True
            self._task.cancel()
