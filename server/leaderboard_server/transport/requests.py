"""Checks every field of parsed requests: the only place that does.

Each check raises `InvalidRequest`, with a violation for each invalid field.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain import fields
from leaderboard_server.domain.board import RankQuery, TopQuery
from leaderboard_server.domain.errors import FieldViolation, InvalidRequest
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.update import ScoreUpdate, UpdateMode
from leaderboard_server.domain.watch import WatchRequest, WatchScope
from leaderboard_server.transport.parsing import MAX_BATCH, MAX_WATCHED_USERS
from leaderboard_server.transport.statuses import MAX_VIOLATIONS

MAX_LIMIT = 1_000
DEFAULT_LIMIT = 10
MAX_NEIGHBORS = 100
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
"""A field and its problem, or None."""


def score_update(request: pb.UpdateScoreRequest) -> ScoreUpdate:
    """Check an update."""
    checked = _update_or_error(request)
    if isinstance(checked, InvalidRequest):
        raise checked
    return checked


def _update_or_error(
    request: pb.UpdateScoreRequest, path: str = ""
) -> ScoreUpdate | InvalidRequest:
    """Check an update; `path` is its path within a larger request.

    The error is not raised here: the traces of a thousand errors would be cyclic garbage, which
    stops the event loop for half a second when it is collected.
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
        return InvalidRequest(_violations(zip(_UPDATE_FIELDS, problems, strict=True), path))
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


def batch_size(request: pb.BatchUpdateScoresRequest) -> int:
    """Check the number of updates of a batch, and return it."""
    size = len(request.updates)
    problem = fields.within(size, 1, MAX_BATCH)
    _reject((("updates", f"must have 1 to {MAX_BATCH} entries" if problem else None),))
    return size


def batch(
    request: pb.BatchUpdateScoresRequest, first: int, count: int
) -> list[ScoreUpdate | InvalidRequest]:
    """Check some updates of a batch; an invalid update is replaced by its error."""
    some = request.updates[first : first + count]
    return [
        _update_or_error(update, f"updates[{index}].") for index, update in enumerate(some, first)
    ]


def top_query(request: pb.GetTopUsersRequest) -> TopQuery:
    """Check the request of `GetTopUsers`."""
    contest_id, limit, start_rank = request.contest_id, request.limit, request.start_rank
    problems = (
        fields.matches(fields.CONTEST_ID, contest_id),
        fields.within(limit, 0, MAX_LIMIT),
        fields.within(start_rank, 0, MAX_INT32),
    )
    min_position = _min_position(request, ("contest_id", "limit", "start_rank"), problems)
    return TopQuery(contest_id, start_rank or 1, limit or DEFAULT_LIMIT, min_position)


def rank_query(request: pb.GetUserRankRequest) -> RankQuery:
    """Check the request of `GetUserRank`."""
    contest_id, user_id, neighbors = request.contest_id, request.user_id, request.neighbors
    problems = (
        fields.matches(fields.CONTEST_ID, contest_id),
        fields.matches(fields.USER_ID, user_id),
        fields.within(neighbors, 0, MAX_NEIGHBORS),
    )
    min_position = _min_position(request, ("contest_id", "user_id", "neighbors"), problems)
    return RankQuery(contest_id, user_id, neighbors, min_position)


def _min_position(
    request: pb.GetTopUsersRequest | pb.GetUserRankRequest,
    names: Sequence[str],
    problems: Sequence[str | None],
) -> Position:
    """Return the checked minimal position of a read; problems of other fields are raised too."""
    wanted = request.HasField("min_position")
    if wanted or any(problems):
        position = _position("min_position", request.min_position)
        _reject((*zip(names, problems, strict=True), *position))
    if not wanted:
        return BEGINNING
    return Position(request.min_position.epoch, request.min_position.revision)


def watch_request(request: pb.WatchContestRequest) -> WatchRequest:
    """Check the request of `WatchContest`."""
    _reject(_watch_problems(request))
    after, interval = request.resume_after, request.min_interval
    return WatchRequest(
        request.contest_id,
        request.limit or DEFAULT_LIMIT,
        _SCOPES[request.scope],
        frozenset(request.user_ids),
        Position(after.epoch, after.revision) if request.HasField("resume_after") else None,
        interval.seconds + interval.nanos / SECOND_NS,
    )


def _watch_problems(request: pb.WatchContestRequest) -> Iterator[Problem]:
    yield "contest_id", fields.matches(fields.CONTEST_ID, request.contest_id)
    yield "limit", fields.within(request.limit, 0, MAX_LIMIT)
    yield "scope", None if request.scope in _SCOPES else "is not a known scope"
    yield from _watched_users(request.scope, request.user_ids)
    yield from _position("resume_after", request.resume_after)
    yield "min_interval", _interval(request.min_interval)


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
        if problem := fields.matches(fields.USER_ID, user_id):
            yield f"user_ids[{index}]", problem


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
    total = interval.seconds * SECOND_NS + interval.nanos
    valid = 0 <= interval.nanos < SECOND_NS and 0 <= total <= MAX_INTERVAL_S * SECOND_NS
    return None if valid else f"must be from 0 to {MAX_INTERVAL_S} s"


def _reject(problems: Iterable[Problem]) -> None:
    """Raise the problems, if there are any."""
    if violations := _violations(problems):
        raise InvalidRequest(violations)


def _violations(problems: Iterable[Problem], path: str = "") -> tuple[FieldViolation, ...]:
    """Return the first problems, as many as a status holds."""
    violations = (FieldViolation(path + field, text) for field, text in problems if text)
    return tuple(islice(violations, MAX_VIOLATIONS))
