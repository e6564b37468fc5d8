"""Clients that write under load, and retry each write until it is acknowledged."""

import asyncio
import itertools
from collections import Counter
from types import TracebackType
from typing import Self

import grpc

from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

_PAUSE_S = 0.05
_RETRIED = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,  # over a limit, as that of calls of a connection
}


async def persist(
    stub: LeaderboardServiceStub,
    request: pb.UpdateScoreRequest,
    *,
    deadline: float = 5.0,
    within: float = 30.0,
    errors: list[grpc.aio.AioRpcError] | None = None,
) -> pb.UpdateScoreResponse:
    """
    Send an update repeatedly, with its request id, until the service acknowledges it.

    Args:
        stub: The server.
        request: The update; its request id makes it safe to repeat.
        deadline: Seconds for each attempt.
        within: Seconds for all attempts.
        errors: Gets the errors of failed attempts.

    Returns:
        The acknowledgement.

    Raises:
        grpc.aio.AioRpcError: An attempt failed with a status that is not retried.
        TimeoutError: No attempt was acknowledged.
    """
    assert request.request_id, "an update without a request id can't be repeated"
    async with asyncio.timeout(within):
        while True:
            try:
                answer: pb.UpdateScoreResponse = await stub.UpdateScore(
                    request, timeout=deadline, wait_for_ready=True
                )
            except grpc.aio.AioRpcError as error:
                if error.code() not in _RETRIED:
                    raise
                if errors is not None:
                    errors.append(error)
                await asyncio.sleep(_PAUSE_S)
            else:
                return answer


class Load:
    """
    Clients that add points to a contest for as long as the block lasts, each for one user.

    The end of the block waits until every client's last write is acknowledged, so that `scores` is
    then exactly the board.

    Attributes:
        scores: The score of each user by acknowledged writes.
        errors: The errors of failed attempts.
    """

    def __init__(self, stub: LeaderboardServiceStub, contest_id: str, *, clients: int = 20) -> None:
        self.scores: Counter[str] = Counter()
        self.errors: list[grpc.aio.AioRpcError] = []
        self._stub = stub
        self._contest_id = contest_id
        self._clients = clients
        self._acknowledged = 0
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._write(n)) for n in range(self._clients)]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping = True
        if error is not None:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        else:
            await asyncio.gather(*self._tasks)

    async def more_writes(self, writes: int, *, within: float = 20.0) -> None:
        """
        Wait for further acknowledged writes.

        Args:
            writes: Their number, counted from now.
            within: Seconds to wait.

        Raises:
            AssertionError: The writes were not acknowledged in time.
        """
        due = self._acknowledged + writes

        def look() -> bool:
            for task in self._tasks:
                if task.done():
                    task.result()
            return self._acknowledged >= due

        await eventually(look, f"{writes} more acknowledged writes", within=within)

    async def _write(self, client: int) -> None:
        user_id = f"user-{client}"
        for number in itertools.count(1):
            if self._stopping:
                return
            request = pb.UpdateScoreRequest(
                contest_id=self._contest_id,
                user_id=user_id,
                points=1 + number % 3,
                request_id=f"{user_id}-{number}",
            )
            answer = await persist(self._stub, request, errors=self.errors)
            self._acknowledged += 1
            self.scores[user_id] += request.points
            assert answer.user.score == self.scores[user_id], (
                f"{request.request_id} led to {answer.user.score}, not {self.scores[user_id]}"
            )
