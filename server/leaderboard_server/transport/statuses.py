"""The table of errors and their statuses, with the details that the contract defines."""

import asyncio
from collections.abc import Iterator
from typing import Literal, TypeAlias
from uuid import uuid4

import structlog
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from google.rpc.code_pb2 import Code

from leaderboard.v1 import error_reason_pb2 as reasons
from leaderboard_server.domain import errors
from leaderboard_server.domain.position import Position

_log = structlog.get_logger()

DOMAIN = "leaderboard.v1"
RETRY_AFTER_S = 1
"""The delay before a retry: the store or another server is usually back within a second."""
RETRY_WHEN_FULL_S = 5
"""The delay before a retry while the store is full, which lasts until an operator makes room, or
remembered request ids expire."""
MAX_VIOLATIONS = 10
"""Violations in one status: trailers over 8 KiB don't reach every client."""


class MalformedRequest(errors.LeaderboardError):
    """The request bytes are not the expected message, or can't be parsed for another reason."""

    def __init__(self, message_name: str, problem: str = "") -> None:
        super().__init__(f"the request is not a {message_name}{': ' if problem else ''}{problem}")
        self.message_name = message_name


class MessageTooLarge(errors.LeaderboardError):
    """The request or its metadata have too many bytes."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"the request, or its metadata, is larger than {max_bytes} bytes")
        self.max_bytes = max_bytes


Limit: TypeAlias = Literal[
    "calls", "connection", "watches", "updates", "queue", "memory", "health", "reflection"
]
"""The limits of a server."""


class Overloaded(errors.LeaderboardError):
    """The server is at one of its limits: retry later; nothing was written."""

    def __init__(self, limit: Limit) -> None:
        super().__init__(f"the server is at its limit of {limit}")
        self.limit = limit


class ReceiverStalled(errors.LeaderboardError, TimeoutError):
    """The receiver of a stream accepted nothing for the write timeout."""

    def __init__(self) -> None:
        super().__init__("the receiver accepted nothing for too long")


class StreamIdle(errors.LeaderboardError):
    """The caller of a stream sent no request for too long."""

    def __init__(self) -> None:
        super().__init__("the stream had no request for too long; open another one")


class UnknownService(errors.LeaderboardError):
    """A health check named a service that is not served."""

    def __init__(self) -> None:
        super().__init__("there is no such service here")


class InternalError(errors.LeaderboardError):
    """A defect of the server; the log has the cause under the name of the incident."""

    def __init__(self, incident: str) -> None:
        super().__init__(f"internal error, incident {incident}")
        self.incident = incident


def status_of_any(error: Exception) -> status_pb2.Status:
    """Return the status of any exception; that of a defect has nothing but an incident's name."""
    if not isinstance(error, errors.LeaderboardError):
        incident = uuid4().hex
        _log.error("internal_error", incident=incident, exc_info=error)
        error = InternalError(incident)
    return status_of(error)


def status_of(error: errors.LeaderboardError) -> status_pb2.Status:
    """Return the status of an error, with details if it is an error of the service."""
    if code := _code_without_details(error):
        return status_pb2.Status(code=code, message=str(error))
    code, info = _code_and_info(error)
    status = status_pb2.Status(code=code, message=str(error))
    for detail in (info, *_more_details(error)):
        status.details.add().Pack(detail)
    return status


def code_of(error: BaseException) -> Code:
    """Return the code of the status of any exception, CANCELLED for that of a cancelled call."""
    match error:
        case errors.LeaderboardError():
            return _code_without_details(error) or _row(error)[0]
        case TimeoutError():
            return Code.RESOURCE_EXHAUSTED  # of the front, for a receiver that stalled
        case asyncio.CancelledError():
            return Code.CANCELLED
    return Code.INTERNAL


def brief_status_of(error: errors.LeaderboardError) -> status_pb2.Status:
    """Return the status of an error, without the descriptions of invalid fields."""
    if not isinstance(error, errors.InvalidRequest):
        return status_of(error)
    code, info = _code_and_info(error)
    status = status_pb2.Status(code=code, message=f"{error.violations[0].field} is invalid")
    status.details.add().Pack(info)
    return status


def reason_of(error: errors.LeaderboardError) -> reasons.ErrorReason:
    """Return the reason that callers see with an error."""
    if isinstance(error, ReceiverStalled | StreamIdle | UnknownService):
        return reasons.ERROR_REASON_UNSPECIFIED
    return _row(error)[1]


def _code_without_details(error: errors.LeaderboardError) -> Code | None:
    match error:
        case ReceiverStalled() | StreamIdle():
            return Code.RESOURCE_EXHAUSTED
        case UnknownService():
            return Code.NOT_FOUND
    return None


def _code_and_info(error: errors.LeaderboardError) -> tuple[Code, error_details_pb2.ErrorInfo]:
    code, reason, metadata = _row(error)
    name = reasons.ErrorReason.Name(reason)
    return code, error_details_pb2.ErrorInfo(reason=name, domain=DOMAIN, metadata=metadata)


Row = tuple[Code, reasons.ErrorReason, dict[str, str]]


def _row(error: errors.LeaderboardError) -> Row:  # noqa: C901, PLR0911, PLR0912 - one row for each error
    """Return the code, the reason and the metadata of an error: the table itself."""
    match error:
        case errors.InvalidRequest():
            field = {"field": error.violations[0].field}
            return Code.INVALID_ARGUMENT, reasons.ERROR_REASON_INVALID_FIELD, field
        case MalformedRequest():
            message = {"message": error.message_name}
            return Code.INVALID_ARGUMENT, reasons.ERROR_REASON_MALFORMED_REQUEST, message
        case errors.ScoreOutOfRange():
            bounds = {"minScore": str(error.min_score), "maxScore": str(error.max_score)}
            user = {"contestId": error.contest_id, "userId": error.user_id}
            return Code.OUT_OF_RANGE, reasons.ERROR_REASON_SCORE_OUT_OF_RANGE, user | bounds
        case errors.PointsOutOfRange():
            user = {"contestId": error.contest_id, "userId": error.user_id}
            most = {"maxPoints": str(error.max_points)}
            return Code.OUT_OF_RANGE, reasons.ERROR_REASON_SCORE_OUT_OF_RANGE, user | most
        case errors.ContestNotFound():
            contest = {"contestId": error.contest_id}
            return Code.NOT_FOUND, reasons.ERROR_REASON_CONTEST_NOT_FOUND, contest
        case errors.ContestAlreadyExists():
            contest = {"contestId": error.contest_id}
            return Code.ALREADY_EXISTS, reasons.ERROR_REASON_CONTEST_ALREADY_EXISTS, contest
        case errors.ContestNotOpen():
            life = {"contestId": error.contest_id, "state": error.state, "time": error.time}
            return Code.FAILED_PRECONDITION, reasons.ERROR_REASON_CONTEST_NOT_OPEN, life
        case errors.SeasonNotCurrent():
            season = {"contestId": error.contest_id, "season": str(error.season)}
            return Code.FAILED_PRECONDITION, reasons.ERROR_REASON_SEASON_NOT_CURRENT, season
        case errors.SeasonNotFound():
            season = {"contestId": error.contest_id, "season": str(error.season)}
            return Code.NOT_FOUND, reasons.ERROR_REASON_SEASON_NOT_FOUND, season
        case errors.RulesLocked():
            rule = {"contestId": error.contest_id, "field": error.field}
            return Code.FAILED_PRECONDITION, reasons.ERROR_REASON_RULES_LOCKED, rule
        case errors.UserNotFound():
            user = {"contestId": error.contest_id, "userId": error.user_id}
            return Code.NOT_FOUND, reasons.ERROR_REASON_USER_NOT_FOUND, user
        case errors.RequestIdReused():
            request = {"contestId": error.contest_id, "requestId": error.request_id}
            return Code.ALREADY_EXISTS, reasons.ERROR_REASON_REQUEST_ID_REUSED, request
        case errors.PositionUnreachable():
            position = _position(error.contest_id, error.current)
            return Code.FAILED_PRECONDITION, reasons.ERROR_REASON_POSITION_UNREACHABLE, position
        case errors.StoreUnavailable():
            cause = {"cause": str(error.cause)}
            return Code.UNAVAILABLE, reasons.ERROR_REASON_STORE_UNAVAILABLE, cause
        case errors.StoreFull():
            return Code.RESOURCE_EXHAUSTED, reasons.ERROR_REASON_STORE_FULL, {}
        case errors.ServerDraining():
            return Code.UNAVAILABLE, reasons.ERROR_REASON_SERVER_DRAINING, {}
        case MessageTooLarge():
            size = {"maxBytes": str(error.max_bytes)}
            return Code.RESOURCE_EXHAUSTED, reasons.ERROR_REASON_MESSAGE_TOO_LARGE, size
        case errors.WatcherStalled():
            position = _position(error.contest_id, error.position)
            return Code.RESOURCE_EXHAUSTED, reasons.ERROR_REASON_WATCHER_STALLED, position
        case Overloaded() | errors.ReadQueueFull() | errors.SettingsContended():
            return Code.RESOURCE_EXHAUSTED, reasons.ERROR_REASON_OVERLOADED, {"limit": error.limit}
        case InternalError():
            return Code.INTERNAL, reasons.ERROR_REASON_INTERNAL, {"incident": error.incident}
    raise AssertionError(error)


def _position(contest_id: str, position: Position) -> dict[str, str]:
    return {
        "contestId": contest_id,
        "epoch": position.epoch,
        "revision": str(position.revision),
    }


def _more_details(error: errors.LeaderboardError) -> Iterator[Message]:
    if isinstance(error, errors.InvalidRequest):
        yield error_details_pb2.BadRequest(
            field_violations=[
                error_details_pb2.BadRequest.FieldViolation(field=field, description=description)
                for field, description in error.violations
            ]
        )
    elif isinstance(
        error,
        errors.StoreUnavailable
        | errors.ServerDraining
        | errors.ReadQueueFull
        | errors.SettingsContended
        | Overloaded,
    ):
        yield error_details_pb2.RetryInfo(retry_delay=Duration(seconds=RETRY_AFTER_S))
    elif isinstance(error, errors.StoreFull):
        yield error_details_pb2.RetryInfo(retry_delay=Duration(seconds=RETRY_WHEN_FULL_S))
