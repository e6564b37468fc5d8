"""From values to answer messages."""

from collections.abc import Iterable

from google.protobuf.timestamp_pb2 import Timestamp

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.board import Page, RankedUser, Standing
from leaderboard_server.domain.change import ScoreChange
from leaderboard_server.domain.errors import LeaderboardError
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.update import UpdateResult
from leaderboard_server.domain.watch import (
    Changes,
    End,
    EndReason,
    Progress,
    Snapshot,
    SnapshotReason,
    WatchMessage,
)
from leaderboard_server.transport.requests import SECOND_NS
from leaderboard_server.transport.statuses import status_of

_SNAPSHOT_REASONS = {
    SnapshotReason.INITIAL: pb.SNAPSHOT_REASON_INITIAL,
    SnapshotReason.HISTORY_TRIMMED: pb.SNAPSHOT_REASON_HISTORY_TRIMMED,
    SnapshotReason.NEW_EPOCH: pb.SNAPSHOT_REASON_NEW_EPOCH,
    SnapshotReason.LAGGED: pb.SNAPSHOT_REASON_LAGGED,
    SnapshotReason.AHEAD: pb.SNAPSHOT_REASON_AHEAD,
}
_END_REASONS = {EndReason.DRAINING: pb.END_REASON_DRAINING}


def update_result(result: UpdateResult) -> pb.UpdateScoreResponse:
    """Encode what an update led to."""
    return pb.UpdateScoreResponse(
        user=_user(result.user),
        previous_score=result.previous_score,
        previous_rank=result.previous_rank,
        applied=result.applied,
        replayed=result.replayed,
        position=_position(result.position),
    )


def batch_results(
    outcomes: Iterable[UpdateResult | LeaderboardError],
) -> pb.BatchUpdateScoresResponse:
    """Encode what each update of a batch led to."""
    return pb.BatchUpdateScoresResponse(results=[_batch_result(outcome) for outcome in outcomes])


def _batch_result(outcome: UpdateResult | LeaderboardError) -> pb.BatchUpdateResult:
    if isinstance(outcome, UpdateResult):
        return pb.BatchUpdateResult(response=update_result(outcome))
    status = status_of(outcome)
    return pb.BatchUpdateResult(
        status=pb.UpdateStatus(code=status.code, message=status.message, details=status.details)
    )


def page(read: Page) -> bytes:
    """Encode consecutive ranks, once for all readers they go to."""
    if read.encoded is None:
        read.encoded = pb.GetTopUsersResponse(
            users=map(_user, read.users),
            total_users=read.total_users,
            position=_position(read.position),
        ).SerializeToString()
    return read.encoded


def standing(read: Standing) -> pb.GetUserRankResponse:
    """Encode where a user stands."""
    return pb.GetUserRankResponse(
        user=_user(read.user),
        neighbors=map(_user, read.neighbors),
        total_users=read.total_users,
        percentile=read.percentile,
        position=_position(read.position),
    )


def watch_message(message: WatchMessage) -> bytes:
    """Encode a message of a watch, once for all watchers it goes to."""
    if message.encoded is None:
        message.encoded = _watch_response(message).SerializeToString()
    return message.encoded


def _watch_response(message: WatchMessage) -> pb.WatchContestResponse:
    response = pb.WatchContestResponse(
        position=_position(message.position), previous_revision=message.previous_revision
    )
    match message.event:
        case Snapshot(users, total_users, reason):
            response.snapshot.users.extend(map(_user, users))
            response.snapshot.total_users = total_users
            response.snapshot.reason = _SNAPSHOT_REASONS[reason]
        case Changes(changes):
            response.changes.changes.extend(map(_change, changes))
        case Progress():
            response.progress.SetInParent()
        case End(reason):
            response.end.reason = _END_REASONS[reason]
    return response


def _change(change: ScoreChange) -> pb.ScoreChange:
    return pb.ScoreChange(
        user=_user(change.user),
        previous_rank=change.previous_rank,
        points=change.points,
        event_type=change.event_type,
        event_time=None if change.event_time_ns is None else _timestamp(change.event_time_ns),
    )


def _timestamp(time_ns: int) -> Timestamp:
    seconds, nanos = divmod(time_ns, SECOND_NS)
    return Timestamp(seconds=seconds, nanos=nanos)


def _user(user: RankedUser) -> pb.RankedUser:
    user_id, score, rank, display_name = user
    return pb.RankedUser(user_id=user_id, score=score, rank=rank, display_name=display_name)


def _position(position: Position) -> pb.Position:
    return pb.Position(epoch=position.epoch, revision=position.revision)
