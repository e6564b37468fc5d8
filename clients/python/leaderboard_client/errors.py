"""Errors of the client: one tree, each error with everything that the service said about it."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, NamedTuple

_BROKEN = frozenset({"ABORTED", "CANCELLED", "INTERNAL", "UNKNOWN"})
"""Codes that gRPC itself, or a proxy, gives to a call whose connection broke. Only without an
`ErrorReason`: then the status is not the service's own."""

_REQUEST_ID_REUSED = "ERROR_REASON_REQUEST_ID_REUSED"


class FieldViolation(NamedTuple):
    """A field that breaks a rule of the contract."""

    field: str
    """The name of the field, such as `user_id` or `updates[3].points`."""

    description: str
    """The rule that it breaks."""


class LeaderboardError(Exception):
    """A call, or one update of a batch, failed. The text is for people.

    The base class of all errors of calls, and itself the error for status codes that have no class
    of their own. `__cause__` is the latest different error of an earlier attempt of the same call,
    and so on; `Cancelled` has none.

    A score update that failed with InvalidRequest, OutOfRange, NotFound, FailedPrecondition or
    RequestIdReused was not applied. After any other error it may have been, by an attempt whose
    response was lost; repeating it with the same `request_id` is safe. So is repeating any call of
    a contest or of its users.
    """

    usual_code: ClassVar[str] = "UNKNOWN"
    """The name of the gRPC status code that the class stands for."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        reason: str = "",
        metadata: Mapping[str, str] | None = None,
        violations: Iterable[FieldViolation] = (),
        retry_after: float | None = None,
    ) -> None:
        """Create an error.

        Args:
            message: What is wrong, in one line.

            code: The name of the gRPC status code. Default: that of the class.

            reason: The name of the `ErrorReason`.

            metadata: The metadata of the reason.

            violations: The malformed fields.

            retry_after: The seconds after which the server asks to try again.
        """
        super().__init__(message)
        self.code = code or self.usual_code
        """The name of the gRPC status code, such as `NOT_FOUND`."""
        self.reason = reason
        """The name of the `ErrorReason`; empty if the status is not the service's own."""
        self.metadata = dict(metadata or {})
        """The metadata of the reason, such as the bounds of a score."""
        self.violations = tuple(violations)
        """The malformed fields."""
        self.retry_after = retry_after
        """The seconds after which the server asks to try again; None if it does not."""

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later, or over another connection.

        True if no server could be reached, if the store is unavailable, if no response came in
        time, if the connection broke, and for every error with a `retry_after`, such as that of a
        full store. The request may have been served nevertheless.
        """
        broken = not self.reason and self.code in _BROKEN
        unanswered = self.code in {Unavailable.usual_code, DeadlineExceeded.usual_code}
        return unanswered or broken or self.retry_after is not None


class InvalidRequest(LeaderboardError):
    """A field is malformed; `violations` names it."""

    usual_code = "INVALID_ARGUMENT"


class OutOfRange(LeaderboardError):
    """The points, or the score that they would lead to, are beyond ±2^53 or the contest's bounds.

    `metadata` has the bounds.
    """

    usual_code = "OUT_OF_RANGE"


class NotFound(LeaderboardError):
    """There is no such contest or season, or the user has no score in it; see `reason`."""

    usual_code = "NOT_FOUND"


class AlreadyExists(LeaderboardError):
    """The contest exists with other settings."""

    usual_code = "ALREADY_EXISTS"


class RequestIdReused(LeaderboardError):
    """The `request_id` was used in this contest for a different write."""

    usual_code = "ALREADY_EXISTS"


class FailedPrecondition(LeaderboardError):
    """It can't be done in the present state; see `reason`.

    The contest is not open for writes, with its `state` and `time` in `metadata`; the `season` of a
    write is not the current one, which `metadata` has; the `min_position` can't be reached, because
    its season is over or the contest's history is another one or shorter; or a rule can't be
    changed, because it would reorder a board that has scores.
    """

    usual_code = "FAILED_PRECONDITION"


class Overloaded(LeaderboardError):
    """The server stayed at one of its limits, its store is full, or the request is too large."""

    usual_code = "RESOURCE_EXHAUSTED"


class Unavailable(LeaderboardError):
    """No server could be reached in the time of the call, or its store is unavailable."""

    usual_code = "UNAVAILABLE"


class DeadlineExceeded(LeaderboardError):
    """No response came in the time of the call."""

    usual_code = "DEADLINE_EXCEEDED"


class Cancelled(LeaderboardError):
    """The client was closed, or the buffer before it sent an update. Never `retryable`."""

    usual_code = "CANCELLED"

    @property
    def retryable(self) -> bool:
        """False: this client is closed."""
        return False


_CLASSES: dict[str, type[LeaderboardError]] = {
    kind.usual_code: kind
    for kind in (
        InvalidRequest,
        OutOfRange,
        NotFound,
        AlreadyExists,
        FailedPrecondition,
        Overloaded,
        Unavailable,
        DeadlineExceeded,
    )
}


def error_class(code: str, reason: str) -> type[LeaderboardError]:
    """Return the class of the errors with a status code and a reason.

    A CANCELLED status that came from the other side is not `Cancelled`: this client was not closed.
    """
    if reason == _REQUEST_ID_REUSED:
        return RequestIdReused
    return _CLASSES.get(code, LeaderboardError)
