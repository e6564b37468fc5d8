"""A watch of the asyncio client whose every update is checked against the messages."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from types import TracebackType
from typing import Any, Self

import grpc

from harness.service import CHANNEL_OPTIONS
from harness.waiting import eventually
from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import Position
from leaderboard_client.async_watch import watch_contest
from leaderboard_client.watch_request import watch_request
from leaderboard_client.watch_session import IDLE_TIMEOUT
from leaderboard_client.watch_update import WatchState, WatchUpdate


class CheckedWatch:
    """
    A watch that runs within its block, while the test does other things.

    Every message of the service passes the checker first. After each update the rows must be those
    that the checker has built from the same messages by the rules of the contract.

    Attributes:
        checker: Checks the messages of the service.
        updates: The updates of the watch, oldest first.
    """

    def __init__(
        self,
        address: str,
        contest_id: str,
        *,
        scope: pb.WatchScope = pb.WATCH_SCOPE_TOP,
        limit: int = 10,
        user_ids: Iterable[str] = (),
        idle_timeout: float = IDLE_TIMEOUT,
    ) -> None:
        self.checker = WatchChecker(scope=scope, limit=limit, user_ids=user_ids)
        self.updates: list[WatchUpdate] = []
        self._address = address
        self._scope = scope
        request = watch_request(
            contest_id, limit=limit, scope=scope, user_ids=user_ids, min_interval=0.0
        )
        self._watch = watch_contest(self._connect, request, idle_timeout=idle_timeout)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.cancel()

    @property
    def now(self) -> WatchUpdate:
        """The latest update."""
        return self.updates[-1]

    @property
    def states(self) -> list[WatchState]:
        """The states that the watch went through, each once for as long as it lasted."""
        states = [update.state for update in self.updates]
        return [state for n, state in enumerate(states) if states[:n][-1:] != [state]]

    async def cancel(self) -> None:
        """
        Cancel the iteration, and wait until that is done.

        Raises:
            AssertionError: A message or an update was wrong.
        """
        if self._task is not None:
            task, self._task = self._task, None
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def until(
        self, shown: Callable[[WatchUpdate], bool], story: str, *, within: float = 20.0
    ) -> WatchUpdate:
        """
        Wait until one of the updates from now on satisfies a condition, and return it.

        Args:
            shown: The condition; the present update counts too.
            story: A name for the condition.
            within: Seconds to wait.

        Raises:
            AssertionError: It did not come, or a message or an update was wrong.
        """
        seen = max(len(self.updates) - 1, 0)

        def look() -> bool:
            if self._task is not None and self._task.done():
                self._task.result()
            return any(map(shown, self.updates[seen:]))

        await eventually(look, story, within=within)
        return next(filter(shown, self.updates[seen:]))

    async def reach(self, position: pb.Position) -> WatchUpdate:
        """Wait for the board of a position or a later one, and return it."""

        def reached(update: WatchUpdate) -> bool:
            now = update.position or Position("", 0)
            return now.epoch == position.epoch and now.revision >= position.revision

        return await self.until(reached, f"a board of revision {position.revision}")

    async def _follow(self) -> None:
        async with contextlib.aclosing(self._watch) as updates:
            async for update in updates:
                self.updates.append(update)
                self._check(update)

    def _check(self, update: WatchUpdate) -> None:
        shown = [(row.user_id, row.score, row.display_name) for row in update.rows]
        due = list(self.checker.rows)
        if self._scope == pb.WATCH_SCOPE_USERS:
            assert sorted(shown) == sorted(due), f"shown {shown}, due {due}"
        else:
            assert shown == due, f"shown {shown}, due {due}"
            assert [row.place for row in update.rows] == list(range(1, len(due) + 1))
        assert (update.position or Position("", 0)) == Position.decode(self.checker.position)

    def _connect(self) -> grpc.aio.Channel:
        return grpc.aio.insecure_channel(
            self._address, options=CHANNEL_OPTIONS, interceptors=[_Checking(self.checker)]
        )


class _Checking(grpc.aio.UnaryStreamClientInterceptor):
    """Lets the checker see every stream that is opened and each of its messages."""

    def __init__(self, checker: WatchChecker) -> None:
        self._checker = checker

    async def intercept_unary_stream(
        self,
        continuation: Any,
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> AsyncIterator[Any]:
        """Open the stream."""
        self._checker.begin(request.resume_after if request.HasField("resume_after") else None)
        return self._checked(await continuation(client_call_details, request))

    async def _checked(
        self, messages: AsyncIterator[pb.WatchContestResponse]
    ) -> AsyncIterator[pb.WatchContestResponse]:
        async for message in messages:
            self._checker.feed(message)
            yield message
