"""Makes calls and awaits their answers, with all the attempts that they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import grpc.aio

from leaderboard_client.channel_pool import Lines
from leaderboard_client.credentials import authorization
from leaderboard_client.retrying import Retrying, check_timeout
from leaderboard_client.rpc_status import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from leaderboard_client.async_closing import AsyncClosing
    from leaderboard_client.calls import Call, ResultT
    from leaderboard_client.credentials import Token


class AsyncCaller:
    """Makes the calls of one client, in one event loop."""

    def __init__(
        self,
        connect: Callable[[], grpc.aio.Channel],
        closing: AsyncClosing,
        *,
        token: Token | None,
        timeout: float,
    ) -> None:
        """Prepare calls.

        Args:
            connect: Opens a channel over a connection of its own.

            closing: The end of the client.

            token: Shown with each attempt.

            timeout: The seconds that a call may take unless it says so.
        """
        self._lines = Lines(connect)
        self._token = token
        self._timeout = check_timeout(timeout)
        self._closing = closing

    async def close(self) -> None:
        """End the calls that are under way, each with Cancelled, once the client is closed."""
        for channel in self._lines.close():
            await channel.close()

    async def make(self, call: Call[ResultT], timeout: float | None) -> ResultT:  # noqa: ASYNC109
        """Make a call and return its result.

        Args:
            call: What is sent.

            timeout: The seconds that it may take. Default: those of the client.

        Raises:
            LeaderboardError: It failed, and another attempt would not mend that or come too late.
        """
        retrying = Retrying(self._timeout if timeout is None else timeout)
        answer = await self._attempt(call, retrying.attempt_timeout())
        while isinstance(answer, Refusal):
            await self._closing.pause(retrying.pause_after(answer))
            answer = await self._attempt(call, retrying.attempt_timeout())
        return answer

    async def _attempt(self, call: Call[ResultT], seconds: float) -> ResultT | Refusal:
        """Send a call once, and return its result or what it was refused with."""
        metadata = authorization(self._token)
        line = self._lines.take()
        answered = False
        try:
            send = getattr(line.stub, call.method)
            with self._closing.guard():
                answer = await send(call.request, timeout=seconds, metadata=metadata)
            answered = True
            return call.read(answer)
        except grpc.aio.AioRpcError as error:
            refusal = Refusal.of_call(error)
            answered = refusal.code is not grpc.StatusCode.DEADLINE_EXCEEDED
            return refusal
        finally:
            unused = self._lines.give_back(line, answered=answered)
            if unused is not None:
                await unused.close()
