"""A watcher that resumes on any server whenever its stream ends."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Self

import grpc

from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

_PAUSE_S = 0.1
_RETRIED = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}


class RoamingWatcher:
    """
    Watches until the end of the block.

    Attributes:
        contest_id: The watched contest.
        scope: The scope of the watch.
        checker: Checks every message; it keeps only the current state.
        messages: The number of messages that it got.
        streams: The number of streams that it opened.
        failure: The first error, or None.
    """

    def __init__(
        self,
        servers: Sequence[LeaderboardServiceStub],
        contest_id: str,
        *,
        scope: pb.WatchScope = pb.WATCH_SCOPE_TOP,
        limit: int = 10,
        user_ids: Iterable[str] = (),
        chance: random.Random,
        inspect: Callable[["RoamingWatcher"], None] = lambda _: None,
    ) -> None:
        """
        Watch at any of the servers.

        Args:
            servers: Each stream is opened at one of them, chosen at random.
            contest_id: The contest.
            scope: As in the request.
            limit: As in the request.
            user_ids: As in the request.
            chance: Chooses the servers.
            inspect: Checks this watcher after every message; raises AssertionError.
        """
        self.contest_id = contest_id
        self.scope = scope
        self.limit = limit
        self.user_ids = tuple(user_ids)
        self.checker = WatchChecker(scope=scope, limit=limit, user_ids=self.user_ids)
        self.messages = 0
        self.streams = 0
        self.failure: BaseException | None = None
        self._servers = servers
        self._chance = chance
        self._inspect = inspect
        self._roaming: asyncio.Task[None] | None = None
        self._stream: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._roaming = asyncio.create_task(self._roam())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._roaming is not None
        self._roaming.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._roaming

    @property
    def revision(self) -> int:
        """The revision of the last message."""
        return self.checker.position.revision

    def drop(self) -> None:
        """Cancel the current stream, if there is one; the watcher then opens another."""
        if self._stream is not None:
            self._stream.cancel()

    async def _roam(self) -> None:
        try:
            while not self.failure:
                self._stream = asyncio.create_task(self._watch())
                await asyncio.wait([self._stream])
                if not self._stream.cancelled():
                    self.failure = self._stream.exception()
                await asyncio.sleep(_PAUSE_S * self._chance.random())
        finally:
            if self._stream is not None:
                self._stream.cancel()
                await asyncio.wait([self._stream])

    async def _watch(self) -> None:
        request = pb.WatchContestRequest(
            contest_id=self.contest_id, scope=self.scope, limit=self.limit, user_ids=self.user_ids
        )
        resume_after = self.checker.position if self.messages else None
        if resume_after is not None:
            request.resume_after.CopyFrom(resume_after)
        self.checker.begin(resume_after)
        self.streams += 1
        try:
            async for message in self._chance.choice(self._servers).WatchContest(request):
                self.checker.feed(message)
                self.messages += 1
                self._inspect(self)
                # thousands of states would fill the memory of the test
                self.checker.states.clear()
                self.checker.changes.clear()
        except grpc.aio.AioRpcError as error:
            if error.code() not in _RETRIED:
                raise
