"""From request messages to checked values: every field is checked here, and nowhere else."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain import fields
from leaderboard_server.domain.errors import FieldViolation, InvalidRequest
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.update import ScoreUpdate, UpdateMode
from leaderboard_server.domain.watch import WatchRequest, WatchScope

MAX_BATCH = 1_000
MAX_LIMIT = 1_000
DEFAULT_LIMIT = 10
MAX_NEIGHBORS = 100
MAX_WATCHED_USERS = 1_000
MAX_INTERVAL_S = 60
MAX_INT32 = 2**31 - 1
MAX_REVISION = 2**53
SECOND_NS = 1_000_000_000

_MODES = {
    pb.UPDATE_MODE_UNSPECIFIED: UpdateMode.INCREMENT,
    pb.UPDATE_MODE_INCREMENT: UpdateMode.INCREMENT,
    pb.UPDATE_MODE_SET: UpdateMode.SET,
    pb.UPDATE_MODE_BEST: UpdateMode.BEST,
}
_SCOPES = {
    pb.WATCH_SCOPE_UNSPECIFIED: WatchScope.TOP,
    pb.WATCH_SCOPE_TOP: WatchScope.TOP,
    pb.WATCH_SCOPE_ALL: WatchScope.ALL,
    pb.WATCH_SCOPE_USERS: WatchScope.USERS,
}

_UPDATE_FIELDS = (
    "contest_id",
    "user_id",
    "mode",
    "request_id",
    "event_type",
    "event_time",
    "display_name",
)

Problem = tuple[str, str | None]
"""A field and what is wrong with it, or None."""


class TopQuery(NamedTuple):
    """What `GetTopUsers` asks for."""

    contest_id: str
    start_rank: int
    limit: int
    min_position: Position


class RankQuery(NamedTuple):
    """What `GetUserRank` asks for."""

    contest_id: str
    user_id: str
    neighbors: int
    min_position: Position


def score_update(request: pb.UpdateScoreRequest, path: str = "") -> ScoreUpdate:
    """Check an update; `path` leads to it within a larger request.

    Raises:
        InvalidRequest: With a violation for each field that is wrong.
    """
    contest_id, user_id, mode = request.contest_id, request.user_id, request.mode
    request_id, event_type, name = request.request_id, request.event_type, request.display_name
    time = request.event_time if request.HasField("event_time") else None
    problems = (
        fields.matches(fields.CONTEST_ID, contest_id),
        fields.matches(fields.USER_ID, user_id),
        None if mode in _MODES else "is not a known mode",
        fields.matches(fields.REQUEST_ID, request_id) if request_id else None,
        fields.matches(fields.EVENT_TYPE, event_type) if event_type else None,
        _timestamp(time) if time else None,
        fields.display_name(name) if name else None,
    )
    if any(problems):
        _refuse(tuple(zip(_UPDATE_FIELDS, problems, strict=True)), path)
    return ScoreUpdate(
        contest_id,
        user_id,
        request.points,
        _MODES[mode],
        request_id,
        event_type,
        time.seconds * SECOND_NS + time.nanos if time else None,
        name,
    )


def batch(request: pb.BatchUpdateScoresRequest) -> list[ScoreUpdate | InvalidRequest]:
    """Check the updates of a batch; one that is wrong stands as its error.

    Raises:
        InvalidRequest: There are none, or too many.
    """
    size = fields.within(len(request.updates), 1, MAX_BATCH)
    _refuse((("updates", f"must have 1 to {MAX_BATCH} entries" if size else None),))
    return [_update_or_error(update, index) for index, update in enumerate(request.updates)]


def _update_or_error(request: pb.UpdateScoreRequest, index: int) -> ScoreUpdate | InvalidRequest:
    try:
        return score_update(request, f"updates[{index}].")
    except InvalidRequest as error:
        return error


def top_query(request: pb.GetTopUsersRequest) -> TopQuery:
    """Check what `GetTopUsers` asks for.

    Raises:
        InvalidRequest: With a violation for each field that is wrong.
    """
    contest_id, limit, start_rank = request.contest_id, request.limit, request.start_rank
    problems = (
        fields.matches(fields.CONTEST_ID, contest_id),
        fields.within(limit, 0, MAX_LIMIT),
        fields.within(start_rank, 0, MAX_INT32),
    )
    placed = request.HasField("min_position")
    if placed or any(problems):
        named = zip(("contest_id", "limit", "start_rank"), problems, strict=True)
        _refuse((*named, *_position("min_position", request.min_position)))
    return TopQuery(
        contest_id,
        start_rank or 1,
        limit or DEFAULT_LIMIT,
        _min_position(request.min_position) if placed else BEGINNING,
    )


def rank_query(request: pb.GetUserRankRequest) -> RankQuery:
    """Check what `GetUserRank` asks for.

    Raises:
        InvalidRequest: With a violation for each field that is wrong.
    """
    contest_id, user_id, neighbors = request.contest_id, request.user_id, request.neighbors
    problems = (
        fields.matches(fields.CONTEST_ID, contest_id),
        fields.matches(fields.USER_ID, user_id),
        fields.within(neighbors, 0, MAX_NEIGHBORS),
    )
    placed = request.HasField("min_position")
    if placed or any(problems):
        named = zip(("contest_id", "user_id", "neighbors"), problems, strict=True)
        _refuse((*named, *_position("min_position", request.min_position)))
    return RankQuery(
        contest_id,
        user_id,
        neighbors,
        _min_position(request.min_position) if placed else BEGINNING,
    )


def watch_request(request: pb.WatchContestRequest) -> WatchRequest:
    """Check what `WatchContest` asks for.

    Raises:
        InvalidRequest: With a violation for each field that is wrong.
    """
    interval = request.min_interval
    _refuse(
        (
            ("contest_id", fields.matches(fields.CONTEST_ID, request.contest_id)),
            ("limit", fields.within(request.limit, 0, MAX_LIMIT)),
            ("scope", None if request.scope in _SCOPES else "is not a known scope"),
            *_watched_users(request.scope, request.user_ids),
            *_position("resume_after", request.resume_after),
            ("min_interval", _interval(interval)),
        )
    )
    after = request.resume_after
    return WatchRequest(
        request.contest_id,
        request.limit or DEFAULT_LIMIT,
        _SCOPES[request.scope],
        frozenset(request.user_ids),
        Position(after.epoch, after.revision) if request.HasField("resume_after") else None,
        interval.seconds + interval.nanos / SECOND_NS,
    )


def _watched_users(scope: pb.WatchScope, user_ids: Sequence[str]) -> Iterator[Problem]:
    if scope != pb.WATCH_SCOPE_USERS:
        yield "user_ids", "must be empty with this scope" if user_ids else None
        return
    if fields.within(len(user_ids), 1, MAX_WATCHED_USERS):
        yield "user_ids", f"must have 1 to {MAX_WATCHED_USERS} entries with this scope"
        return
    if len(set(user_ids)) < len(user_ids):
        yield "user_ids", "must name each user once"
    for index, user_id in enumerate(user_ids):
        yield f"user_ids[{index}]", fields.matches(fields.USER_ID, user_id)


def _min_position(position: pb.Position) -> Position:
    return Position(position.epoch, position.revision)


def _position(field: str, position: pb.Position) -> Iterator[Problem]:
    yield f"{field}.epoch", fields.matches_if_set(fields.EPOCH, position.epoch)
    yield f"{field}.revision", fields.within(position.revision, 0, MAX_REVISION)
    if position.revision and not position.epoch:
        yield f"{field}.epoch", "must not be empty with a revision"


def _timestamp(time: Timestamp) -> str | None:
    return fields.within(
        time.seconds, fields.MIN_EVENT_TIME_S, fields.MAX_EVENT_TIME_S
    ) or fields.within(time.nanos, 0, SECOND_NS - 1)


def _interval(interval: Duration) -> str | None:
    wrong = fields.within(interval.nanos, 0, SECOND_NS - 1)
    total = interval.seconds * SECOND_NS + interval.nanos
    if wrong or fields.within(total, 0, MAX_INTERVAL_S * SECOND_NS):
        return f"must be from 0 to {MAX_INTERVAL_S} s"
    return None


def _refuse(problems: Sequence[Problem], path: str = "") -> None:
    """Raise for those fields that have a problem."""
    violations = tuple(FieldViolation(path + field, wrong) for field, wrong in problems if wrong)
    if violations:
        raise InvalidRequest(violations)
