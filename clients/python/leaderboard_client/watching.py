"""Watches a contest over as many streams as that takes, and never shows a wrong board."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import grpc
import grpc.aio

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from leaderboard_client.backoff import retry_delay
from leaderboard_client.live_board import DEFAULT_LIMIT, MissedChangesError
from leaderboard_client.refusal import Refusal, RefusedError
from leaderboard_client.watch_course import WatchCourse
from leaderboard_client.watch_update import StreamLostError, WatchState

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable

    from leaderboard_client.watch_update import WatchUpdate

SILENCE = 30.0
"""The seconds without a message after which a connection is dead: the service promises one in 18 s,
news or not."""

_LASTING = 1.0
"""The seconds after which a stream that breaks is no failed attempt to open one."""

_STALLED = "ERROR_REASON_WATCHER_STALLED"
_BROKEN = {
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
}
"""What gRPC itself, or a proxy on the way, says of a stream that broke."""


async def watch(
    connect: Callable[[], grpc.aio.Channel],
    contest_id: str,
    *,
    limit: int = DEFAULT_LIMIT,
    scope: pb.WatchScope = pb.WATCH_SCOPE_TOP,
    user_ids: Iterable[str] = (),
    min_interval: float = 0.0,
    silence: float = SILENCE,
    clock: Callable[[], float] = time.monotonic,
    randomness: Callable[[], float] = random.random,
) -> AsyncGenerator[WatchUpdate, None]:
    """Watch a contest until it is over, and yield its whole board whenever something is told.

    A lost connection, a silent one, a server that drains and an unavailable service are healed by
    themselves: the watch reconnects, for as long as it takes, and resumes where it was, so that no
    change is missed or told twice. A stream that leaves a hole is dropped, and the next one begins
    with a snapshot. In the meantime the updates have the last board and say that the watch is
    reconnecting; one comes with each failed attempt.

    The first update comes before anything was told and has no board. Cancelling the iteration ends
    the stream at once; who leaves the loop in another way closes the iterator, best with
    `contextlib.aclosing`. An iterator that is not read holds up nothing but itself.

    Args:
        connect: Opens a channel for one stream, over a connection of its own; the watch closes it.

        contest_id: The contest. It need not exist yet.

        limit: How many of the first ranks to watch, from 1 to 1,000.

        scope: What is told of the contest.

        user_ids: The users to watch with the scope USERS, 1 to 1,000; none with the others.

        min_interval: The least seconds between two messages of changes with the scope TOP, to 60.

        silence: The seconds without a message after which a connection is dead.

        clock: Returns the time in seconds, from any beginning.

        randomness: Returns a number from 0 to 1, a new one each time.

    Raises:
        RefusedError: The service refused the watch, and asking again would not mend that.
    """
    request = pb.WatchContestRequest(
        contest_id=contest_id, limit=limit, scope=scope, user_ids=user_ids
    )
    if min_interval:
        request.min_interval.FromMicroseconds(round(min_interval * 1e6))
    course = WatchCourse(request, clock)
    yield course.update
    attempt = 0
    while True:
        began = clock()
        trouble: Exception | None = None
        try:
            async with aclosing(_stream(connect, course.request(), silence)) as messages:
                async for message in messages:
                    yield course.take(message)
        except RefusedError as error:
            if not _heals(error.refusal):
                raise
            trouble = error
        except (MissedChangesError, StreamLostError) as error:
            trouble = error
        if trouble:
            # An error that is kept would keep the frames it came from, and so the connection, open.
            trouble.__traceback__ = trouble.__context__ = None
            yield course.lose(trouble)
        elif course.update.state is WatchState.OVER:
            return
        attempt = 0 if clock() - began > _LASTING else attempt
        await asyncio.sleep(_delay(attempt, trouble, randomness))
        attempt += 1


async def _stream(
    connect: Callable[[], grpc.aio.Channel], request: pb.WatchContestRequest, silence: float
) -> AsyncGenerator[pb.WatchContestResponse, None]:
    """Yield the messages of one stream; return after an `end`, raise when it ends otherwise."""
    async with connect() as channel:
        messages = aiter(LeaderboardServiceStub(channel).WatchContest(request))
        while True:
            try:
                async with asyncio.timeout(silence):
                    message = await anext(messages)
            except StopAsyncIteration:
                raise StreamLostError("the server ended the watch without a reason") from None
            except TimeoutError:
                raise StreamLostError(f"nothing came for {silence:g} s") from None
            except grpc.aio.AioRpcError as error:
                raise RefusedError(Refusal.of_call(error)) from None
            yield message
            if message.HasField("end"):
                return


def _heals(refusal: Refusal) -> bool:
    """Tell whether the same request, or one that resumes, may succeed later."""
    if refusal.reason:
        return refusal.retryable or refusal.reason == _STALLED
    return refusal.retryable or refusal.code in _BROKEN


def _delay(failures: int, trouble: Exception | None, randomness: Callable[[], float]) -> float:
    asked = trouble.refusal.retry_after if isinstance(trouble, RefusedError) else None
    return retry_delay(failures, asked, randomness)
