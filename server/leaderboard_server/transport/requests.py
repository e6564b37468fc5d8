"""Checks every field of the requests of updates and watches: the only place that does.

Each check raises `InvalidRequest`, with a violation for each invalid field.
"""

from collections.abc import Iterator, Mapping, Sequence

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain import fields
from leaderboard_server.domain.board import Attributes
from leaderboard_server.domain.errors import InvalidRequest
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.rules import UpdateMode
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.domain.watch import WatchRequest, WatchScope
from leaderboard_server.transport.parsing import MAX_BATCH, MAX_CHANGED_ATTRIBUTES
from leaderboard_server.transport.queries import DEFAULT_LIMIT, MAX_INT32, MAX_LIMIT
from leaderboard_server.transport.violations import (
    Problem,
    position_problems,
    reject,
    user_ids_problems,
    violations,
)

MAX_INTERVAL_S = 60
SECOND_NS = 1_000_000_000

MODES = {
    pb.UPDATE_MODE_UNSPECIFIED: UpdateMode.UNSPECIFIED,
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
    "attributes",
    "clear_display_name",
    "season",
)
NO_ATTRIBUTES: Attributes = ()


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
    attributes, clear_name = request.attributes, request.clear_display_name
    season = request.season
    problems = (
        fields.matches(fields.CONTEST_ID, contest_id),
        fields.matches(fields.USER_ID, user_id),
        None if mode in MODES else "is not a known mode",
        fields.matches(fields.REQUEST_ID, request_id) if request_id else None,
        fields.matches(fields.EVENT_TYPE, event_type) if event_type else None,
        timestamp_problem(time) if time else None,
        fields.display_name(name) if name else None,
        _attributes(attributes) if attributes else None,
        "must not be set together with display_name" if clear_name and name else None,
        fields.within(season, 0, MAX_INT32) if season else None,
    )
    if any(problems):
        return InvalidRequest(violations(zip(_UPDATE_FIELDS, problems, strict=True), path))
    return ScoreUpdate(
        contest_id,
        user_id,
        request.points,
        MODES[mode],
        request_id,
        event_type,
        time.seconds * SECOND_NS + time.nanos if time else None,
        name,
        tuple(sorted(attributes.items())) if attributes else NO_ATTRIBUTES,
        clear_name,
        season,
    )


def _attributes(changes: Mapping[str, str]) -> str | None:
    """Check the attributes of an update; the script checks those that the user has after it."""
    if len(changes) > MAX_CHANGED_ATTRIBUTES:
        return f"must have at most {MAX_CHANGED_ATTRIBUTES} entries"
    for key, value in changes.items():
        if problem := fields.matches(fields.ATTRIBUTE_KEY, key):
            return f"each key {problem}"
        if problem := fields.attribute_value(value):
            return f"the value of {key} {problem}"
    kept = [key + value for key, value in changes.items() if value]
    if len(kept) > fields.MAX_ATTRIBUTES:
        return f"must have at most {fields.MAX_ATTRIBUTES} entries with a value"
    if sum(len(text.encode()) for text in kept) > fields.MAX_ATTRIBUTES_BYTES:
        return f"must have at most {fields.MAX_ATTRIBUTES_BYTES} bytes in all"
    return None


def batch_size(request: pb.BatchUpdateScoresRequest) -> int:
    """Check the number of updates of a batch, and return it."""
    size = len(request.updates)
    problem = fields.within(size, 1, MAX_BATCH)
    reject((("updates", f"must have 1 to {MAX_BATCH} entries" if problem else None),))
    return size


def batch(
    request: pb.BatchUpdateScoresRequest, first: int, count: int
) -> list[ScoreUpdate | InvalidRequest]:
    """Check some updates of a batch; an invalid update is replaced by its error."""
    some = request.updates[first : first + count]
    return [
        _update_or_error(update, f"updates[{index}].") for index, update in enumerate(some, first)
    ]


def watch_request(request: pb.WatchContestRequest) -> WatchRequest:
    """Check the request of `WatchContest`."""
    reject(_watch_problems(request))
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
    yield from position_problems("resume_after", request.resume_after)
    yield "min_interval", _interval(request.min_interval)


def _watched_users(scope: pb.WatchScope, user_ids: Sequence[str]) -> Iterator[Problem]:
    if scope != pb.WATCH_SCOPE_USERS:
        yield "user_ids", "must be empty with this scope" if user_ids else None
        return
    yield from user_ids_problems(user_ids)


def timestamp_problem(time: Timestamp) -> str | None:
    """Check a time against the range of a Timestamp."""
    return fields.within(time.seconds, fields.MIN_TIME_S, fields.MAX_TIME_S) or fields.within(
        time.nanos, 0, SECOND_NS - 1
    )


def _interval(interval: Duration) -> str | None:
    total = interval.seconds * SECOND_NS + interval.nanos
    valid = 0 <= interval.nanos < SECOND_NS and 0 <= total <= MAX_INTERVAL_S * SECOND_NS
    return None if valid else f"must be from 0 to {MAX_INTERVAL_S} s"
