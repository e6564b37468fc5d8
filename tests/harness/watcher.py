"""Watches a contest as a client does, and checks every message."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

import grpc

from harness.waiting import eventually
from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub


class Watcher:
    """
    A watcher of one contest, over as many streams as the test opens one after the other.

    Attributes:
        checker: Checks every message, and has the board.
        failure: The status that ended the current stream, if not OK.
    """

    def __init__(
        self,
        contest_id: str,
        *,
        scope: pb.WatchScope = pb.WATCH_SCOPE_UNSPECIFIED,
        limit: int = 10,
        user_ids: Iterable[str] = (),
        inspect: Callable[[WatchChecker], None] = lambda _: None,
        hidden_users: bool = False,
        min_interval_s: int = 0,
    ) -> None:
        """Watch a contest; `inspect` looks at the checker after every message."""
        self._inspect = inspect
        self._request = pb.WatchContestRequest(
            contest_id=contest_id, scope=scope, limit=limit, user_ids=user_ids
        )
        self._request.min_interval.seconds = min_interval_s
        self.checker = WatchChecker(
            scope=scope,
            limit=limit,
            user_ids=self._request.user_ids,
            hidden_users=hidden_users,
        )
        self.failure: grpc.aio.AioRpcError | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.hang_up()

    async def open(
        self, stub: LeaderboardServiceStub, *, resume_after: pb.Position | None = None
    ) -> None:
        """
        Open a stream, and wait for its first message unless it is resumed.

        A stream that is resumed at the current position may have no message at first.

        Args:
            stub: The server.
            resume_after: The position to resume after; mostly `checker.position`.

        Raises:
            AssertionError: There was no message, or a wrong one.
            RuntimeError: The stream ended at once.
        """
        await self.hang_up()
        request = pb.WatchContestRequest()
        request.CopyFrom(self._request)
        if resume_after is not None:
            request.resume_after.CopyFrom(resume_after)
        self.failure = None
        self.checker.begin(resume_after)
        known = len(self.checker.states)
        self._task = asyncio.create_task(self._watch(stub, request))
        if resume_after is None:
            await self.until(lambda: len(self.checker.states) > known, "a first message")

    async def reach(self, position: pb.Position, *, within: float = 10.0) -> None:
        """
        Wait until everything up to a position was received.

        Args:
            position: A position of the current epoch of the watcher, or of its next one.
            within: Seconds to wait.

        Raises:
            AssertionError: It was not, or there was a wrong message.
        """

        def reached() -> bool:
            now = self.checker.position
            return now.epoch == position.epoch and now.revision >= position.revision

        await self.until(reached, f"a message up to revision {position.revision}", within)

    async def snapshot(self, reason: str, *, within: float = 10.0) -> None:
        """
        Wait for a snapshot with a reason, counted over the life of this watcher.

        Args:
            reason: The name of a `SnapshotReason` without its prefix.
            within: Seconds to wait.

        Raises:
            AssertionError: There was none, or there was a wrong message.
        """
        await self.until(
            lambda: self.checker.reasons[reason] > 0, f"a snapshot with {reason}", within
        )

    async def closed(self, *, within: float = 10.0) -> None:
        """
        Wait until the server has ended the stream; see `checker.ended` and `failure`.

        Raises:
            AssertionError: The stream did not end, or there was a wrong message.
        """
        assert self._task is not None, "no stream was opened"
        await eventually(self._task.done, "the end of the stream", within=within)
        await self._task

    async def hang_up(self) -> None:
        """
        Cancel the stream, if one is open.

        Raises:
            AssertionError: There was a wrong message.
        """
        if self._task is not None:
            task, self._task = self._task, None
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def until(self, holds: Callable[[], bool], event: str, within: float = 10.0) -> None:
        """
        Wait for a condition of the messages so far.

        Args:
            holds: The condition.
            event: Its name.
            within: Seconds to wait.

        Raises:
            AssertionError: It did not come to hold, or there was a wrong message.
            RuntimeError: The stream ended before.
        """

        def look() -> bool:
            if holds():
                return True
            if self._task is not None and self._task.done():
                self._task.result()
                raise RuntimeError(f"the stream ended before {event}: {self.failure}")
            return False

        await eventually(look, event, within=within)

    async def _watch(self, stub: LeaderboardServiceStub, request: pb.WatchContestRequest) -> None:
        try:
            async for message in stub.WatchContest(request):
                self.checker.feed(message)
                self._inspect(self.checker)
        except grpc.aio.AioRpcError as failure:
            self.failure = failure
