"""The leaderboard service, as its gRPC client sees it: unary calls and watches."""

from collections.abc import AsyncGenerator
from functools import partial
from typing import Any

from google.protobuf.message import Message

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.target import Target
from leaderboard_client.addresses import Rotation, alternatives
from leaderboard_client.async_watch import watch_contest
from leaderboard_client.caller import AsyncCaller
from leaderboard_client.calls import Call
from leaderboard_client.channels import open_async_channel
from leaderboard_client.closing import AsyncCloseEvent
from leaderboard_client.errors import Overloaded
from leaderboard_client.watch_update import WatchUpdate

MAX_CALLS = 200
"""Calls in flight. A server takes 250 of one connection by default; more would only wait, each with
its request, while the service is slow or away."""


class Service:
    """Calls the servers of one service. Requests and responses are messages of the contract."""

    def __init__(self, target: Target, *, min_interval_ms: int) -> None:
        """Prepare calls; the first one connects.

        Args:
            target: The servers, and how they are called.

            min_interval_ms: The minimum time between two messages of changes of a watch.
        """
        self._target = target
        self._min_interval_ms = min_interval_ms
        self._in_flight = 0
        self._turns = Rotation(target.servers)
        self._closed = AsyncCloseEvent()
        self._caller = AsyncCaller(
            target.servers,
            partial(open_async_channel, tls=target.tls),
            self._closed,
            token=target.token,
            timeout=target.timeout,
        )

    async def call(self, method: str, request: Message) -> Any:
        """Make a call, with retries, and return the response.

        Args:
            method: The name of the method in the contract, such as `GetTopUsers`.

            request: Its request.

        Raises:
            LeaderboardError: The service refused it, or did not answer in time, or too many other
                calls are in flight.
        """
        if self._in_flight >= MAX_CALLS:
            raise Overloaded("the gateway waits for too many calls", code=Overloaded.usual_code)
        call: Call[Any] = Call(method, request, _same)
        self._in_flight += 1
        try:
            return await self._caller.make(call, None)
        finally:
            self._in_flight -= 1

    def watch(self, contest_id: str, limit: int) -> AsyncGenerator[WatchUpdate, None]:
        """Watch the first rows of a contest; see `async_watch.watch_contest`.

        The watch reconnects and resumes by itself. Each update with a `message` has one message of
        the contract; all others say that the watch is connecting or reconnecting.
        """
        request = pb.WatchContestRequest(
            contest_id=contest_id, limit=limit, scope=pb.WATCH_SCOPE_TOP
        )
        request.min_interval.FromMilliseconds(self._min_interval_ms)
        turns = self._turns.branch()
        return watch_contest(
            lambda: open_async_channel(turns.next(), self._target.tls, spread=False),
            request,
            alternatives=alternatives(self._target.servers),
            closed=self._closed,
            metadata=lambda: self._target.metadata,
        )

    async def close(self) -> None:
        """End all calls and watches."""
        self._closed.set()
        await self._caller.close()


def _same(response: Any) -> Any:
    return response
