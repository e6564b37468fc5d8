"""How a watch has gone so far over all its streams, what is told of it, and when it goes on."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.backoff import retry_delay
from leaderboard_client.encoding import sendable
from leaderboard_client.live_board import DEFAULT_LIMIT, LiveBoard, MissedChangesError
from leaderboard_client.rpc_status import RefusedError
from leaderboard_client.watch_update import StreamLostError, WatchState, WatchUpdate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from leaderboard_client.credentials import Metadata
    from leaderboard_client.live_board import Row

SILENCE = 30.0
"""The seconds without a message after which a connection is dead: the service promises one in 18 s,
news or not."""

_LASTING = 1.0
"""The seconds after which a stream that breaks is no failed attempt to open one."""

_STALLED = "ERROR_REASON_WATCHER_STALLED"


def watch_request(
    contest_id: str,
    *,
    limit: int,
    scope: int,
    user_ids: Iterable[str],
    min_interval: float,
) -> pb.WatchContestRequest:
    """Return what the first stream of a watch asks for.

    Raises:
        ValueError: It can't be sent at all.
    """
    with sendable():
        if isinstance(user_ids, str):
            raise TypeError("user_ids is one text, and each of its characters would be a user")
        request = pb.WatchContestRequest(
            contest_id=contest_id,
            limit=limit or DEFAULT_LIMIT,
            scope=pb.WatchScope.Name(scope),
            user_ids=user_ids,
        )
        if min_interval:
            request.min_interval.FromMicroseconds(round(min_interval * 1e6))
    return request


def stream_metadata(metadata: Callable[[], Metadata]) -> Metadata:
    """Return what a stream is opened with.

    Raises:
        StreamLostError: It can't be had, such as a token for the moment.
    """
    try:
        return metadata()
    except Exception as error:
        raise StreamLostError(f"no token: {error}") from error


class WatchCourse:
    """How a watch has gone so far, over all its streams."""

    def __init__(
        self,
        request: pb.WatchContestRequest,
        clock: Callable[[], float],
        randomness: Callable[[], float] = random.random,
    ) -> None:
        """Prepare a watch.

        Args:
            request: What its first stream asks for.

            clock: Returns the time in seconds, from any beginning.

            randomness: Returns a number from 0 to 1, a new one each time.
        """
        self._request = request
        self._clock = clock
        self._randomness = randomness
        self._began = clock()
        self._attempt = 0
        self._board = LiveBoard(scope=request.scope, limit=request.limit)
        self.update = WatchUpdate(state=WatchState.CONNECTING, since=clock())
        """The last one."""

    @property
    def is_over(self) -> bool:
        """Tell that the contest is over, and the watch with it."""
        return self.update.state is WatchState.OVER

    def begin(self) -> pb.WatchContestRequest:
        """Return what the next stream asks for, which begins now."""
        self._began = self._clock()
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
        """Return the update that the stream, or an attempt to open one, ended with trouble.

        Raises:
            RefusedError: The trouble is that, and asking again would not mend it.
        """
        if isinstance(trouble, RefusedError) and not _heals(trouble):
            raise trouble
        # An error that is kept would keep the frames it came from, and so the connection, open.
        trouble.__traceback__ = trouble.__context__ = None
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

    def pause(self) -> float:
        """Return the seconds to wait before the next stream, now that one has ended."""
        trouble = self.update.trouble
        if self._clock() - self._began > _LASTING:
            self._attempt = 0
        asked = trouble.refusal.retry_after if isinstance(trouble, RefusedError) else None
        self._attempt += 1
        return retry_delay(self._attempt - 1, asked, self._randomness)

    def _since(self, state: WatchState) -> float:
        return self.update.since if state is self.update.state else self._clock()


def _heals(trouble: RefusedError) -> bool:
    """Tell whether the same request, or one that resumes, may succeed later."""
    return trouble.refusal.transient or trouble.refusal.reason == _STALLED


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
