"""Watches a contest for callers without an event loop."""

import random
import threading
import time
import weakref
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from typing import Any, Self, TypeVar

import grpc

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from leaderboard_client.channel_pool import CONNECT_LIMIT
from leaderboard_client.channels import Metadata, connection_of
from leaderboard_client.closing import CloseEvent
from leaderboard_client.rpc_status import error_from_call
from leaderboard_client.watch_request import stream_metadata
from leaderboard_client.watch_session import IDLE_TIMEOUT, TROUBLES, WatchSession
from leaderboard_client.watch_update import StreamLostError, WatchUpdate

_ResultT = TypeVar("_ResultT")


class Watch:
    """Iterates over the updates of a contest.

    One thread iterates; any thread may close. The stream and the iteration end when the watch is
    closed, when its block as a context manager ends, and when it is no longer referenced; closing
    the client ends the iteration with Cancelled. A watch that is not read delays only itself.
    """

    def __init__(
        self,
        connect: Callable[[], grpc.Channel],
        request: pb.WatchContestRequest,
        *,
        alternatives: int = 0,
        metadata: Callable[[], Metadata] = tuple,
        idle_timeout: float = IDLE_TIMEOUT,
        randomness: Callable[[], float] = random.random,
    ) -> None:
        """Prepare a watch; its first stream is opened for the second update.

        Args:
            connect: Opens a channel for one stream, over a connection of its own, to the servers in
                turn.

            request: The request of the first stream.

            alternatives: How many other servers may answer where one does not.

            metadata: Returns the metadata of each stream; if it fails, the stream counts as lost.

            idle_timeout: The seconds without a message after which a connection counts as dead.

            randomness: Returns a number from 0 to 1, a new one each time.
        """
        self._streams = _Streams(connect, metadata, idle_timeout, can_move=alternatives > 0)
        session = WatchSession(request, randomness=randomness, alternatives=alternatives)
        self._updates = self._streams.updates(session)
        # Also runs at the end of the program, while gRPC's threads can still close the connection.
        weakref.finalize(self, _close, self._streams, self._updates)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> WatchUpdate:
        """Wait for the next update.

        Raises:
            Cancelled: The client was closed.

            LeaderboardError: The service refused the watch, and would refuse it again.

            StopIteration: The contest is over or deleted, or the watch was closed.
        """
        update = next(self._updates, None)
        if update is not None and not self._streams.closed.is_set:
            return update
        # The generator could not be closed by another thread while it was running in this one.
        self.close()
        self._streams.cancelled.check()
        raise StopIteration

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the stream at once, and the iteration with it; may be called again."""
        _close(self._streams, self._updates)

    def cancel(self) -> None:
        """End the stream at once, and the iteration with Cancelled, as the client's `close` does.

        A watch that has ended before stays as it is.
        """
        self._streams.cancel()
        self.close()


def _close(streams: "_Streams", updates: Generator[WatchUpdate, None, None]) -> None:
    streams.close()
    # If another thread is reading an update, its stream ends, and that thread closes the generator.
    with suppress(ValueError):
        updates.close()


class _Streams:
    """The streams of a watch, one after the other. Holds no reference to the watch."""

    def __init__(
        self,
        connect: Callable[[], grpc.Channel],
        metadata: Callable[[], Metadata],
        idle_timeout: float,
        *,
        can_move: bool,
    ) -> None:
        self.closed = CloseEvent()
        self.cancelled = CloseEvent()
        """Set if it was the client that closed the watch."""
        self._connect = connect
        self._metadata = metadata
        self._idle_timeout = idle_timeout
        self._can_move = can_move
        # Reentrant: a signal handler may close the watch inside a method of the same thread.
        self._lock = threading.RLock()
        self._stream: Any = None

    def close(self) -> None:
        """Cancel the current stream, and open no more."""
        with self._lock:
            self.closed.set()
            if self._stream is not None:
                self._stream.cancel()

    def cancel(self) -> None:
        """Close, and let the iteration know that the client was closed, unless it ended before."""
        with self._lock:
            if not self.closed.is_set:
                self.cancelled.set()
            self.close()

    def updates(self, session: WatchSession) -> Generator[WatchUpdate, None, None]:
        """Yield the updates of a watch over all its streams."""
        yield session.update
        while not self.closed.is_set and not session.is_over:
            trouble: Exception | None = None
            try:
                with closing(self._messages(session.begin_stream())) as messages:
                    for message in messages:
                        yield session.receive(message)
            except TROUBLES as error:
                trouble = error
            if self.closed.is_set:
                return
            if trouble:
                yield session.lose_stream(trouble)
            if not session.is_over:
                self.closed.pause(session.reconnect_delay())

    def _messages(
        self, request: pb.WatchContestRequest
    ) -> Generator[pb.WatchContestResponse, None, None]:
        """Yield the messages of one stream up to an `end`; raise if it ends without one."""
        metadata = stream_metadata(self._metadata)
        with self._connect() as channel:
            stream = LeaderboardServiceStub(channel).WatchContest(request, metadata=metadata)
            self._cancel_when_closed(stream)
            connected = connection_of(channel) if self._can_move else None
            with IdleTimeout(self._idle_timeout, stream.cancel, connected) as timeout:
                while True:
                    message = self._next(stream, timeout)
                    yield message
                    if message.HasField("end"):
                        return

    def _cancel_when_closed(self, stream: Any) -> None:
        with self._lock:
            self._stream = stream
            if self.closed.is_set:
                stream.cancel()

    def _next(self, stream: Any, timeout: "IdleTimeout") -> pb.WatchContestResponse:
        try:
            message: pb.WatchContestResponse = timeout.wait_for(stream.__next__)
        except StopIteration:
            raise StreamLostError("the server ended the watch without a reason") from None
        except grpc.RpcError as error:
            if timeout.expired:
                raise StreamLostError(timeout.expired) from None
            raise error_from_call(error) from None
        return message


class IdleTimeout:
    """Cancels a stream from a thread of its own when waiting for one message takes too long.

    It is active within its block. Time in which the reader is not waiting does not count.
    """

    def __init__(
        self,
        seconds: float,
        cancel: Callable[[], object],
        connected: Callable[[], bool] | None = None,
    ) -> None:
        """Create a timeout.

        Args:
            seconds: The longest wait for a message.

            cancel: Cancels the stream; called from another thread.

            connected: Says whether there is a connection; if given, it has to be there in 1 s.
        """
        self.expired = ""
        """Why the stream was cancelled; empty if it was not."""
        self._seconds = seconds
        self._cancel = cancel
        self._connected = connected
        self._waiting_since: float | None = None
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leaderboard-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._left.set()

    def wait_for(self, message: Callable[[], _ResultT]) -> _ResultT:
        """Return the next message of the stream, which has to come in time."""
        self._waiting_since = time.monotonic()
        try:
            return message()
        finally:
            self._waiting_since = None

    def _run(self) -> None:
        if self._connected and not self._left.wait(CONNECT_LIMIT) and not self._connected():
            self._expire(CONNECT_LIMIT, "connection")
            return
        left = self._seconds
        while not self._left.wait(left):
            since = self._waiting_since
            left = self._seconds if since is None else since + self._seconds - time.monotonic()
            if left <= 0:
                self._expire(self._seconds, "message")
                return

    def _expire(self, seconds: float, missing: str) -> None:
        self.expired = f"no {missing} for {seconds:g} s"
        self._cancel()
