"""Watches a contest as `watching` does, for callers without an event loop."""

from __future__ import annotations

import random
import threading
import time
import weakref
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Self

import grpc

from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from leaderboard_client.closing import Closing
from leaderboard_client.contest_update import ContestUpdate
from leaderboard_client.errors import error_of
from leaderboard_client.idle_timeout import SilenceGuard
from leaderboard_client.live_board import MissedChangesError
from leaderboard_client.rpc_status import Refusal, RefusedError
from leaderboard_client.watch_session import SILENCE, WatchCourse, stream_metadata
from leaderboard_client.watch_update import StreamLostError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import TracebackType

    from leaderboard.v1 import leaderboard_pb2 as pb
    from leaderboard_client.credentials import Metadata


class Watch:
    """Iterates over the updates of a contest.

    One thread iterates; any may close. Closing, leaving its block as a context manager, or dropping
    it ends the stream and the iteration. A watch that is not read holds up nothing but itself.
    """

    def __init__(
        self,
        connect: Callable[[], grpc.Channel],
        request: pb.WatchContestRequest,
        *,
        metadata: Callable[[], Metadata] = tuple,
        silence: float = SILENCE,
        randomness: Callable[[], float] = random.random,
    ) -> None:
        """Prepare a watch; its first stream is opened when it is asked for a second update.

        Args:
            connect: Opens a channel for one stream, over a connection of its own.

            request: What the first stream asks for.

            metadata: Returns what each stream is opened with; one for which it fails is lost.

            silence: The seconds without a message after which a connection is dead.

            randomness: Returns a number from 0 to 1, a new one each time.
        """
        self._end = _End()
        course = WatchCourse(request, time.monotonic, randomness)
        self._updates = _updates(_Streams(connect, metadata, silence, self._end), course)
        # Also when the program ends, while there are threads that see the connection closed.
        weakref.finalize(self, _finish, self._end, self._updates)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> ContestUpdate:
        """Wait for the next update.

        Raises:
            LeaderboardError: The service refused the watch, and asking again would not mend that.

            StopIteration: The contest is over, or the watch was closed.
        """
        update = next(self._updates)
        if self._end.closing.has_come:
            # Who closed it meanwhile could not, while this thread was at it.
            self.close()
            raise StopIteration
        return update

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the stream at once, and the iteration with it; may be called again."""
        _finish(self._end, self._updates)


def _finish(end: _End, updates: Generator[ContestUpdate, None, None]) -> None:
    """End a watch with its stream; a thread that reads it at that time finds that out itself."""
    end.come()
    with suppress(ValueError):
        updates.close()


class _End:
    """Whether a watch was closed, and the stream that ends with it."""

    def __init__(self) -> None:
        self.closing = Closing()
        # A signal handler may close the watch whose thread it interrupts.
        self._lock = threading.RLock()
        self._stream: Any = None

    def come(self) -> None:
        with self._lock:
            self.closing.come()
            if self._stream is not None:
                self._stream.cancel()

    def await_with(self, stream: Any) -> None:
        """End a stream, too, when the watch is closed; at once if it was."""
        with self._lock:
            self._stream = stream
            if self.closing.has_come:
                stream.cancel()


class _Streams:
    """Opens the streams of a watch, one after the other."""

    def __init__(
        self,
        connect: Callable[[], grpc.Channel],
        metadata: Callable[[], Metadata],
        silence: float,
        end: _End,
    ) -> None:
        self.end = end
        self._connect = connect
        self._metadata = metadata
        self._silence = silence

    def open(
        self, request: pb.WatchContestRequest
    ) -> Generator[pb.WatchContestResponse, None, None]:
        """Yield the messages of one stream; return after an `end`, raise when it ends otherwise."""
        metadata = stream_metadata(self._metadata)
        with self._connect() as channel:
            stream = LeaderboardServiceStub(channel).WatchContest(request, metadata=metadata)
            self.end.await_with(stream)
            with SilenceGuard(self._silence, stream.cancel) as guard:
                while True:
                    guard.waits()
                    message = self._next(stream, guard)
                    guard.heard()
                    yield message
                    if message.HasField("end"):
                        return

    def _next(self, stream: Any, guard: SilenceGuard) -> pb.WatchContestResponse:
        try:
            message: pb.WatchContestResponse = next(stream)
        except StopIteration:
            raise StreamLostError("the server ended the watch without a reason") from None
        except grpc.RpcError as error:
            if guard.has_ended:
                raise StreamLostError(f"nothing came for {self._silence:g} s") from None
            raise RefusedError(Refusal.of_call(error)) from None
        return message


def _updates(streams: _Streams, course: WatchCourse) -> Generator[ContestUpdate, None, None]:
    """Yield the updates of a watch, over as many streams as that takes."""
    closing_watch = streams.end.closing
    yield ContestUpdate.read(course.update)
    while not closing_watch.has_come and not course.is_over:
        trouble: Exception | None = None
        try:
            with closing(streams.open(course.begin())) as messages:
                for message in messages:
                    yield ContestUpdate.read(course.take(message))
        except (RefusedError, MissedChangesError, StreamLostError) as error:
            trouble = error
        if closing_watch.has_come:
            return
        if trouble:
            yield ContestUpdate.read(_lost(course, trouble))
        if not course.is_over:
            closing_watch.pause(course.pause())


def _lost(course: WatchCourse, trouble: Exception) -> Any:
    try:
        return course.lose(trouble)
    except RefusedError as error:
        raise error_of(error.refusal) from None
