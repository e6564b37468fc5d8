"""State machine of one watch over all its streams, without any I/O.

It says what the next stream requests, turns each message and each lost stream into a WatchUpdate,
and decides whether and when to reconnect.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.enums import SnapshotReason
from leaderboard_client.errors import LeaderboardError
from leaderboard_client.live_board import LiveBoard
from leaderboard_client.results import Position, RankedUser
from leaderboard_client.retrying import (
    Failovers,
    attempts_that_count,
    concerns_one_server,
    is_draining,
    retry_delay,
)
from leaderboard_client.watch_update import (
    MissedChangesError,
    ScoreChange,
    StreamLostError,
    WatchState,
    WatchUpdate,
)

IDLE_TIMEOUT = 30.0
"""The seconds without a message after which a connection counts as dead. The service promises a
message every 18 s, even if nothing changes."""

TROUBLES = (LeaderboardError, MissedChangesError, StreamLostError)
"""The errors that end a stream; see `WatchSession.lose_stream`."""

_STABLE_AFTER = 1.0
"""The seconds after which a lost stream does not count as a failed attempt to open one."""

_FINAL_STATES = {
    pb.END_REASON_CONTEST_OVER: WatchState.OVER,
    pb.END_REASON_CONTEST_DELETED: WatchState.DELETED,
}
"""The states of a watch after the ends of a stream that no other stream follows."""

_STALLED = "ERROR_REASON_WATCHER_STALLED"


class WatchSession:
    """The state of one watch."""

    def __init__(
        self,
        request: pb.WatchContestRequest,
        clock: Callable[[], float] = time.monotonic,
        randomness: Callable[[], float] = random.random,
        *,
        alternatives: int = 0,
    ) -> None:
        """Prepare a watch.

        Args:
            request: The request of its first stream.

            alternatives: How many other servers may answer where one does not.

            clock: Returns the time in seconds, from any beginning.

            randomness: Returns a number from 0 to 1, a new one each time.
        """
        self._request = request
        self._clock = clock
        self._randomness = randomness
        self._began = clock()
        self._failed = 0
        self._alternatives = alternatives
        self._failovers = Failovers(alternatives)
        self._board = LiveBoard(scope=request.scope, limit=request.limit)
        self.update = WatchUpdate(state=WatchState.CONNECTING, since=clock())
        """The latest update."""

    @property
    def is_over(self) -> bool:
        """Whether the watch has ended with its contest, which is over or was deleted."""
        return self.update.state in _FINAL_STATES.values()

    def begin_stream(self) -> pb.WatchContestRequest:
        """Return the request of the next stream, which begins now."""
        self._began = self._clock()
        request = pb.WatchContestRequest()
        request.CopyFrom(self._request)
        if self._board.position is not None:
            request.resume_after.CopyFrom(self._board.position)
        return request

    def receive(self, message: pb.WatchContestResponse) -> WatchUpdate:
        """Apply the next message of a stream, and return the update that it leads to.

        Raises:
            MissedChangesError: It does not continue from the position of the board.
        """
        state, trouble = _state_after(message)
        if state is WatchState.DELETED:
            # No stream follows, so it is final also where the board lacks the last changes.
            return self._without_board(state, message, None)
        before = {row.user_id: row.rank for row in self.update.rows}
        self._board.apply(message)
        rows = tuple(self._board.rows)
        is_snapshot = message.HasField("snapshot")
        self.update = WatchUpdate(
            state=state,
            since=self._since(state),
            rows=rows,
            total_users=self._board.total_users,
            position=Position.decode(message.position),
            season=self._board.season,
            changes=tuple(map(ScoreChange.decode, _new_changes(message, set(before)))),
            moved={} if is_snapshot else _moved(before, rows),
            snapshot_reason=SnapshotReason(message.snapshot.reason) if is_snapshot else None,
            message=message,
            trouble=trouble,
        )
        return self.update

    def lose_stream(self, trouble: Exception) -> WatchUpdate:
        """Return the update after a stream, or an attempt to open one, failed.

        Raises:
            LeaderboardError: The trouble itself, if the next stream would fail in the same way.
        """
        # With its frames an error would keep the connection that it came from open.
        trouble.__traceback__ = trouble.__context__ = None
        if isinstance(trouble, LeaderboardError) and not _heals(trouble):
            raise trouble
        if isinstance(trouble, MissedChangesError):
            # The rows shown are right for their position. The next ones must not build on them.
            self._board = LiveBoard(scope=self._request.scope, limit=self._request.limit)
        connecting = self.update.state is WatchState.CONNECTING
        state = WatchState.CONNECTING if connecting else WatchState.RECONNECTING
        return self._without_board(state, None, trouble)

    def reconnect_delay(self) -> float:
        """Return the seconds to wait before the next stream, after one has ended.

        There is no wait if the next server may do better.
        """
        if self._clock() - self._began > _STABLE_AFTER:
            self._failed = 0
            self._failovers = Failovers(self._alternatives)
        trouble = self.update.trouble
        requested = None
        if isinstance(trouble, LeaderboardError) and not is_draining(trouble):
            requested = trouble.retry_after
        if _concerns_one_server(trouble) and self._failovers.take():
            return 0.0
        counted = attempts_that_count(self._failed, trouble)
        self._failed += 1
        return retry_delay(counted, requested, self._randomness)

    def _without_board(
        self, state: WatchState, message: pb.WatchContestResponse | None, trouble: Exception | None
    ) -> WatchUpdate:
        """Return the next update, which has the board of the one before."""
        self.update = replace(
            self.update,
            state=state,
            since=self._since(state),
            changes=(),
            moved={},
            snapshot_reason=None,
            message=message,
            trouble=trouble,
        )
        return self.update

    def _since(self, state: WatchState) -> float:
        return self.update.since if state is self.update.state else self._clock()


def _heals(error: LeaderboardError) -> bool:
    """Return whether a new stream may succeed, with the same request or one that resumes."""
    return error.retryable or error.reason == _STALLED


def _concerns_one_server(trouble: Exception | None) -> bool:
    if isinstance(trouble, LeaderboardError):
        return concerns_one_server(trouble)
    return isinstance(trouble, StreamLostError)


def _state_after(message: pb.WatchContestResponse) -> tuple[WatchState, Exception | None]:
    if not message.HasField("end"):
        return WatchState.LIVE, None
    if message.end.reason in _FINAL_STATES:
        return _FINAL_STATES[message.end.reason], None
    drains = message.end.reason == pb.END_REASON_DRAINING
    why = "the server is shutting down" if drains else "the server ended the watch"
    return WatchState.RECONNECTING, StreamLostError(why)


def _new_changes(message: pb.WatchContestResponse, held: set[str]) -> Iterator[pb.ScoreChange]:
    """Yield the changes of a board with some users, without those that a resumed stream repeats.

    With the scope TOP it begins with all rows, also those that the board held already, and may
    remove rows that had left it before.
    """
    for change in message.changes.changes:
        user_id = change.user.user_id
        if change.previous_place or (user_id in held) == change.removed:
            yield change
        if change.removed:
            held.discard(user_id)


def _moved(before: dict[str, int], rows: Iterable[RankedUser]) -> dict[str, int]:
    return {
        row.user_id: before.get(row.user_id, 0)
        for row in rows
        if before.get(row.user_id) != row.rank
    }
