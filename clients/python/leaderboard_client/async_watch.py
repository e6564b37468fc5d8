"""Watches a contest in an event loop."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import grpc
import grpc.aio

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from leaderboard_client.channel_pool import CONNECT_LIMIT
from leaderboard_client.channels import Metadata
from leaderboard_client.closing import AsyncCloseEvent
from leaderboard_client.errors import Cancelled
from leaderboard_client.rpc_status import error_from_call
from leaderboard_client.watch_request import stream_metadata
from leaderboard_client.watch_session import IDLE_TIMEOUT, TROUBLES, WatchSession
from leaderboard_client.watch_update import StreamLostError, WatchUpdate


async def watch_contest(
    connect: Callable[[], grpc.aio.Channel],
    request: pb.WatchContestRequest,
    *,
    alternatives: int = 0,
    closed: AsyncCloseEvent | None = None,
    metadata: Callable[[], Metadata] = tuple,
    idle_timeout: float = IDLE_TIMEOUT,
    clock: Callable[[], float] = time.monotonic,
    randomness: Callable[[], float] = random.random,
) -> AsyncGenerator[WatchUpdate, None]:
    """Watch a contest until it is over or deleted; yield its board whenever a message arrives.

    After a lost or silent connection, a shutdown of the server or an outage the watch reconnects
    and resumes, for as long as that takes: no change is missed or shown twice. After a gap in a
    stream the next one begins with a snapshot. Meanwhile the updates hold the last board with the
    state RECONNECTING; one is yielded for each failed attempt.

    The first update comes before any message and has no board. Cancelling the iteration ends the
    stream at once; after leaving the loop in another way close the iterator, best with
    `contextlib.aclosing`. An iterator that is not read delays only itself.

    Args:
        connect: Opens a channel for one stream, over a connection of its own, to the servers in
            turn; the watch closes it.

        request: The request of the first stream; see `watch_request.watch_request`.

        alternatives: How many other servers may answer where one does not.

        closed: Ends the iteration with Cancelled when it is set. The setter then has to close the
            channels.

        metadata: Returns the metadata of each stream; if it fails, the stream counts as lost.

        idle_timeout: The seconds without a message after which a connection counts as dead.

        clock: Returns the time in seconds, from any beginning.

        randomness: Returns a number from 0 to 1, a new one each time.

    Raises:
        Cancelled: `closed` was set.

        LeaderboardError: The service refused the watch, and would refuse it again.
    """
    closed = closed or AsyncCloseEvent()
    session = WatchSession(request, clock, randomness, alternatives=alternatives)
    yield session.update
    while not session.is_over:
        trouble: Exception | None = None
        try:
            sent = stream_metadata(metadata)
            closed.check()
            async with connect() as channel:
                if alternatives:
                    await _connect_in_time(channel, closed)
                stream = _messages(channel, session.begin_stream(), sent, idle_timeout, closed)
                async with aclosing(stream) as messages:
                    async for message in messages:
                        yield session.receive(message)
        except Cancelled:
            raise
        except TROUBLES as error:
            trouble = error
        if trouble:
            yield session.lose_stream(trouble)
        if not session.is_over:
            await closed.pause(session.reconnect_delay())


async def _connect_in_time(channel: grpc.aio.Channel, closed: AsyncCloseEvent) -> None:
    """Wait until there is a connection or it failed, which the stream then reports.

    Raises:
        StreamLostError: Neither came about in the time after which another server is tried.
    """
    undecided = {grpc.ChannelConnectivity.IDLE, grpc.ChannelConnectivity.CONNECTING}
    try:
        with closed.guard():
            async with asyncio.timeout(CONNECT_LIMIT):
                while (state := channel.get_state(try_to_connect=True)) in undecided:
                    await channel.wait_for_state_change(state)
    except TimeoutError:
        raise StreamLostError(f"no connection for {CONNECT_LIMIT:g} s") from None


async def _messages(
    channel: grpc.aio.Channel,
    request: pb.WatchContestRequest,
    metadata: Metadata,
    idle_timeout: float,
    closed: AsyncCloseEvent,
) -> AsyncGenerator[pb.WatchContestResponse, None]:
    """Yield the messages of one stream up to an `end`; raise if it ends without one."""
    with closed.guard():
        call = LeaderboardServiceStub(channel).WatchContest(request, metadata=metadata)
    messages = aiter(call)
    while True:
        try:
            with closed.guard():
                async with asyncio.timeout(idle_timeout):
                    message = await anext(messages)
        except StopAsyncIteration:
            raise StreamLostError("the server ended the watch without a reason") from None
        except TimeoutError:
            raise StreamLostError(f"no message for {idle_timeout:g} s") from None
        except grpc.aio.AioRpcError as error:
            raise error_from_call(error) from None
        yield message
        if message.HasField("end"):
            return
