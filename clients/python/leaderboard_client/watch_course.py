"""How a watch has gone so far: its board, over all its streams, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.live_board import LiveBoard, MissedChangesError
from leaderboard_client.watch_update import StreamLostError, WatchState, WatchUpdate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from leaderboard_client.live_board import Row


class WatchCourse:
    """How a watch has gone so far, over all its streams."""

    def __init__(self, request: pb.WatchContestRequest, clock: Callable[[], float]) -> None:
        self._request = request
        self._clock = clock
        self._board = LiveBoard(scope=request.scope, limit=request.limit)
        self.update = WatchUpdate(state=WatchState.CONNECTING, since=clock())
        """The last one."""

    def request(self) -> pb.WatchContestRequest:
        """Return what the next stream asks for."""
        request = pb.WatchContestRequest()
        request.CopyFrom(self._request)
        if self._board.position is not None:
            request.resume_after.CopyFrom(self._board.position)
        return request

    def take(self, message: pb.WatchContestResponse) -> WatchUpdate:
        """Apply the next message of a stream, and return the update that it leads to.

        Raises:
            MissedChangesError: It does not go on from where the board stands.
        """
        before = self.update.rows
        self._board.apply(message)
        rows = tuple(self._board.rows)
        state, trouble = _after(message)
        self.update = WatchUpdate(
            state=state,
            since=self._since(state),
            rows=rows,
            total_users=self._board.total_users,
            position=self._board.position,
            message=message,
            changes=_news(message.changes.changes, before),
            moved={} if message.HasField("snapshot") else _moved(before, rows),
            trouble=trouble,
        )
        return self.update

    def lose(self, trouble: Exception) -> WatchUpdate:
        """Return the update that the stream, or an attempt to open one, ended with trouble."""
        if isinstance(trouble, MissedChangesError):
            # What is shown was right at its position. What comes next must not build on it.
            self._board = LiveBoard(scope=self._request.scope, limit=self._request.limit)
        connecting = self.update.state is WatchState.CONNECTING
        state = WatchState.CONNECTING if connecting else WatchState.RECONNECTING
        self.update = replace(
            self.update,
            state=state,
            since=self._since(state),
            message=None,
            changes=(),
            moved={},
            trouble=trouble,
        )
        return self.update

    def _since(self, state: WatchState) -> float:
        return self.update.since if state is self.update.state else self._clock()


def _after(message: pb.WatchContestResponse) -> tuple[WatchState, Exception | None]:
    if not message.HasField("end"):
        return WatchState.LIVE, None
    if message.end.reason == pb.END_REASON_CONTEST_OVER:
        return WatchState.OVER, None
    drains = message.end.reason == pb.END_REASON_DRAINING
    why = "the server is shutting down" if drains else "the server ended the watch"
    return WatchState.RECONNECTING, StreamLostError(why)


def _news(changes: Iterable[pb.ScoreChange], before: Sequence[Row]) -> tuple[pb.ScoreChange, ...]:
    """Leave out the rows that a resumed stream of the scope TOP tells again."""
    held = {row.user_id for row in before}
    return tuple(
        change for change in changes if change.previous_rank or change.user.user_id not in held
    )


def _moved(before: Sequence[Row], after: Sequence[Row]) -> dict[str, int]:
    ranks = {row.user_id: row.rank for row in before}
    return {
        row.user_id: ranks.get(row.user_id, 0)
        for row in after
        if ranks.get(row.user_id) != row.rank
    }
