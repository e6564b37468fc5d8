"""Makes calls and waits for their answers, with all the attempts that they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from leaderboard_client.channel_pool import Lines
from leaderboard_client.closing import Closing
from leaderboard_client.credentials import authorization
from leaderboard_client.errors import Cancelled
from leaderboard_client.retrying import Retrying, check_timeout
from leaderboard_client.rpc_status import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from leaderboard_client.calls import Call, ResultT
    from leaderboard_client.credentials import Token


class Caller:
    """Makes the calls of one client, for any number of threads."""

    def __init__(
        self, connect: Callable[[], grpc.Channel], *, token: Token | None, timeout: float
    ) -> None:
        """Prepare calls.

        Args:
            connect: Opens a channel over a connection of its own.

            token: Shown with each attempt.

            timeout: The seconds that a call may take unless it says so.
        """
        self._lines = Lines(connect)
        self._token = token
        self._timeout = check_timeout(timeout)
        self._closed = Closing()

    @property
    def is_closed(self) -> bool:
        """Tell that there are no calls any more."""
        return self._closed.has_come

    def close(self) -> None:
        """End the calls that are under way, each with Cancelled."""
        self._closed.come()
        for channel in self._lines.close():
            channel.close()

    def make(self, call: Call[ResultT], timeout: float | None) -> ResultT:
        """Make a call and return its result.

        Args:
            call: What is sent.

            timeout: The seconds that it may take. Default: those of the client.

        Raises:
            LeaderboardError: It failed, and another attempt would not mend that or come too late.
        """
        retrying = Retrying(self._timeout if timeout is None else timeout)
        answer = self._attempt(call, retrying.attempt_timeout())
        while isinstance(answer, Refusal):
            self._closed.pause(retrying.pause_after(answer))
            if self.is_closed:
                raise Cancelled("the client was closed")
            answer = self._attempt(call, retrying.attempt_timeout())
        return answer

    def _attempt(self, call: Call[ResultT], timeout: float) -> ResultT | Refusal:
        """Send a call once, and return its result or what it was refused with."""
        metadata = authorization(self._token)
        line = self._lines.take()
        answered = True
        try:
            send = getattr(line.stub, call.method)
            return call.read(send(call.request, timeout=timeout, metadata=metadata))
        except (grpc.RpcError, ValueError) as error:
            # A channel that was closed meanwhile takes no call, with a ValueError.
            if self.is_closed:
                raise Cancelled("the client was closed") from None
            if isinstance(error, ValueError):
                raise
            refusal = Refusal.of_call(error)
            answered = refusal.code is not grpc.StatusCode.DEADLINE_EXCEEDED
            return refusal
        finally:
            unused = self._lines.give_back(line, answered=answered)
            if unused is not None:
                unused.close()
