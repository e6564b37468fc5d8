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
from leaderboard_client import watch_session
from leaderboard_client.live_board import DEFAULT_LIMIT, MissedChangesError
from leaderboard_client.rpc_status import Refusal, RefusedError
from leaderboard_client.watch_session import WatchCourse, stream_metadata, watch_request
from leaderboard_client.watch_update import StreamLostError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable

    from leaderboard_client.credentials import Metadata
    from leaderboard_client.watch_update import WatchUpdate

SILENCE = watch_session.SILENCE
"""The seconds without a message after which a connection is dead, unless told otherwise."""


async def watch(
    connect: Callable[[], grpc.aio.Channel],
    contest_id: str,
    *,
    limit: int = DEFAULT_LIMIT,
    scope: int = pb.WATCH_SCOPE_TOP,
    user_ids: Iterable[str] = (),
    min_interval: float = 0.0,
    metadata: Callable[[], Metadata] = tuple,
    silence: float = SILENCE,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
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

        scope: What is told of the contest: a `WatchScope` of the contract, or of `vocabulary`.

        user_ids: The users to watch with the scope USERS, 1 to 1,000; none with the others.

        min_interval: The least seconds between two messages of changes with the scope TOP, to 60.

        metadata: Returns what each stream is opened with; one for which it fails is lost.

        silence: The seconds without a message after which a connection is dead.

        pause: Waits for some seconds before the next stream; what it raises ends the watch.

        clock: Returns the time in seconds, from any beginning.

        randomness: Returns a number from 0 to 1, a new one each time.

    Raises:
        RefusedError: The service refused the watch, and asking again would not mend that.
    """
    request = watch_request(
        contest_id, limit=limit, scope=scope, user_ids=user_ids, min_interval=min_interval
    )
    course = WatchCourse(request, clock, randomness)
    yield course.update
    while not course.is_over:
        trouble: Exception | None = None
        try:
            stream = _stream(connect, course.begin(), stream_metadata(metadata), silence)
            async with aclosing(stream) as messages:
                async for message in messages:
                    yield course.take(message)
        except (RefusedError, MissedChangesError, StreamLostError) as error:
            trouble = error
        if trouble:
            yield course.lose(trouble)
        if not course.is_over:
            await pause(course.pause())


async def _stream(
    connect: Callable[[], grpc.aio.Channel],
    request: pb.WatchContestRequest,
    metadata: Metadata,
    silence: float,
) -> AsyncGenerator[pb.WatchContestResponse, None]:
    """Yield the messages of one stream; return after an `end`, raise when it ends otherwise."""
    async with connect() as channel:
        messages = aiter(LeaderboardServiceStub(channel).WatchContest(request, metadata=metadata))
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
