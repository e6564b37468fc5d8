"""Makes unary calls with all their attempts, for the synchronous and the asyncio client."""

import time
from collections.abc import Callable, Sequence

import grpc
import grpc.aio

from leaderboard_client.addresses import Server, alternatives
from leaderboard_client.calls import Call, ResultT
from leaderboard_client.channel_pool import ChannelPool, Outcome
from leaderboard_client.channels import (
    Token,
    call_metadata,
    connection_of,
    connection_of_async,
)
from leaderboard_client.closing import AsyncCloseEvent, CloseEvent
from leaderboard_client.errors import DeadlineExceeded, LeaderboardError
from leaderboard_client.retrying import Retrying, check_timeout, concerns_one_server
from leaderboard_client.rpc_status import error_from_call


class Caller:
    """Makes the calls of one client, for any number of threads."""

    def __init__(
        self,
        servers: Sequence[Server],
        connect: Callable[[Server], grpc.Channel],
        *,
        token: Token | None,
        timeout: float,
    ) -> None:
        """Prepare calls.

        Args:
            servers: The servers that the calls are spread over.

            connect: Opens a channel over a connection of its own.

            token: Sent with each attempt.

            timeout: The default of the seconds that a call may take.
        """
        self._pool = ChannelPool(servers, connect, connection_of)
        self._alternatives = alternatives(servers)
        self._token = token
        self._timeout = check_timeout(timeout)
        self._closed = CloseEvent()

    def close(self) -> None:
        """End the calls in flight, each with Cancelled."""
        self._closed.set()
        for channel in self._pool.close():
            channel.close()

    def make(self, call: Call[ResultT], timeout: float | None) -> ResultT:
        """Make a call and return its result.

        Args:
            call: The request.

            timeout: The seconds that it may take. Default: those of the client.

        Raises:
            LeaderboardError: It failed, and another attempt would fail too or be too late.
        """
        seconds = self._timeout if timeout is None else timeout
        retrying = Retrying(seconds, alternatives=self._alternatives)
        result = self._attempt(call, retrying.attempt_timeout())
        while isinstance(result, LeaderboardError):
            self._closed.pause(retrying.pause_after(result))
            self._closed.check()
            result = self._attempt(call, retrying.attempt_timeout())
        return result

    def _attempt(self, call: Call[ResultT], timeout: float) -> ResultT | LeaderboardError:
        """Send a call once, and return its result or its error."""
        metadata = call_metadata(self._token)
        pooled = self._pool.acquire()
        began, failure = time.monotonic(), None
        timeout = min(timeout, pooled.attempt_limit)
        try:
            send = getattr(pooled.stub, call.method)
            return call.decode(send(call.request, timeout=timeout, metadata=metadata))
        except grpc.RpcError as error:
            self._closed.check()
            failure = error_from_call(error)
            return failure
        except ValueError:
            # Also raised by a channel that was closed meanwhile.
            self._closed.check()
            raise
        finally:
            outcome, hold = _outcome(failure)
            unused = self._pool.release(pooled, outcome, began=began, hold=hold)
            if unused is not None:
                unused.close()


class AsyncCaller:
    """Makes the calls of one client, in one event loop; see `Caller`."""

    def __init__(
        self,
        servers: Sequence[Server],
        connect: Callable[[Server], grpc.aio.Channel],
        closed: AsyncCloseEvent,
        *,
        token: Token | None,
        timeout: float,
    ) -> None:
        """Prepare calls.

        Args:
            servers: The servers that the calls are spread over.

            connect: Opens a channel over a connection of its own.

            closed: Set when the client is closed.

            token: Sent with each attempt.

            timeout: The default of the seconds that a call may take.
        """
        self._pool = ChannelPool(servers, connect, connection_of_async)
        self._alternatives = alternatives(servers)
        self._token = token
        self._timeout = check_timeout(timeout)
        self._closed = closed

    async def close(self) -> None:
        """End the calls in flight, each with Cancelled, after `closed` was set."""
        for channel in self._pool.close():
            await channel.close()

    async def make(self, call: Call[ResultT], timeout: float | None) -> ResultT:  # noqa: ASYNC109
        """Make a call and return its result; see `Caller.make`."""
        seconds = self._timeout if timeout is None else timeout
        retrying = Retrying(seconds, alternatives=self._alternatives)
        result = await self._attempt(call, retrying.attempt_timeout())
        while isinstance(result, LeaderboardError):
            await self._closed.pause(retrying.pause_after(result))
            result = await self._attempt(call, retrying.attempt_timeout())
        return result

    async def _attempt(self, call: Call[ResultT], seconds: float) -> ResultT | LeaderboardError:
        """Send a call once, and return its result or its error."""
        metadata = call_metadata(self._token)
        pooled = self._pool.acquire()
        began, outcome, hold = time.monotonic(), Outcome.UNANSWERED, 0.0
        seconds = min(seconds, pooled.attempt_limit)
        try:
            send = getattr(pooled.stub, call.method)
            with self._closed.guard():
                response = await send(call.request, timeout=seconds, metadata=metadata)
            outcome = Outcome.ANSWERED
            return call.decode(response)
        except grpc.aio.AioRpcError as error:
            failure = error_from_call(error)
            outcome, hold = _outcome(failure)
            return failure
        finally:
            unused = self._pool.release(pooled, outcome, began=began, hold=hold)
            if unused is not None:
                await unused.close()


def _outcome(failure: LeaderboardError | None) -> tuple[Outcome, float]:
    """Return the end of an attempt, and the seconds for which its server is to be left alone."""
    if failure is None:
        return Outcome.ANSWERED, 0.0
    if failure.code == DeadlineExceeded.usual_code:
        return Outcome.UNANSWERED, 0.0
    if concerns_one_server(failure):
        return Outcome.LOST, failure.retry_after or 0.0
    return Outcome.ANSWERED, 0.0
