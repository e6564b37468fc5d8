"""The errors of a client: one tree, each error with what the service said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from leaderboard_client.rpc_status import Refusal


class FieldViolation(NamedTuple):
    """A field that is not what the contract asks for."""

    field: str
    """The name of the field, such as `user_id` or `updates[3].points`."""

    description: str
    """What is wrong with it."""


class LeaderboardError(Exception):
    """A call, or one update of a batch, did not succeed. Its text is for people.

    The base of all errors that the service's answers lead to, and the error itself for the codes
    that have no class of their own. Where attempts before the last one met with other troubles,
    `__cause__` is the latest of these, and so on; but not that of Cancelled.

    A write that failed with InvalidRequest, OutOfRange or RequestIdReused did not count. After any
    other error it may have, in an attempt whose answer was lost; repeating it with its `request_id`
    is safe.
    """

    usual_code: ClassVar[str] = "UNKNOWN"

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
        """Make an error.

        Args:
            message: What is wrong, in one line.

            code: The name of the gRPC status code. Default: that of the class.

            reason: The name of the `ErrorReason`.

            metadata: What the reason comes with.

            violations: The malformed fields.

            retry_after: The seconds after which the server asks to try again.
        """
        super().__init__(message)
        self.code = code or self.usual_code
        """The name of the gRPC status code, such as `NOT_FOUND`."""
        self.reason = reason
        """The name of the `ErrorReason`; empty where the status is not the service's own."""
        self.metadata = dict(metadata or {})
        """What the reason comes with, such as the bounds of a score."""
        self.violations = tuple(violations)
        """The fields that are malformed."""
        self.retry_after = retry_after
        """The seconds after which the server asks to try again; None where it does not."""

    @property
    def retryable(self) -> bool:
        """Tell that the same request may succeed later, without any change to it."""
        return self.code == Unavailable.usual_code or self.retry_after is not None


class InvalidRequest(LeaderboardError):
    """A field is malformed; `violations` names it."""

    usual_code = "INVALID_ARGUMENT"


class OutOfRange(LeaderboardError):
    """The points, or the score that they would lead to, pass 2^53 either way."""

    usual_code = "OUT_OF_RANGE"


class NotFound(LeaderboardError):
    """The user has no score in the contest."""

    usual_code = "NOT_FOUND"


class RequestIdReused(LeaderboardError):
    """The `request_id` was used in this contest for another write."""

    usual_code = "ALREADY_EXISTS"


class FailedPrecondition(LeaderboardError):
    """The `min_position` can't be reached: the history of the contest is another one or shorter."""

    usual_code = "FAILED_PRECONDITION"


class Overloaded(LeaderboardError):
    """A limit of the server was reached and stayed so, or the request is too large."""

    usual_code = "RESOURCE_EXHAUSTED"


class Unavailable(LeaderboardError):
    """No server could be reached, or its store is away, for as long as the call could wait."""

    usual_code = "UNAVAILABLE"


class DeadlineExceeded(LeaderboardError):
    """No answer came in the time of the call."""

    usual_code = "DEADLINE_EXCEEDED"


class Cancelled(LeaderboardError):
    """The client was closed before or in the call, or a buffer before it could send an update."""

    usual_code = "CANCELLED"


_KINDS: dict[str, type[LeaderboardError]] = {
    kind.usual_code: kind
    for kind in (
        InvalidRequest,
        OutOfRange,
        NotFound,
        RequestIdReused,
        FailedPrecondition,
        Overloaded,
        Unavailable,
        DeadlineExceeded,
    )
}


def error_of(refusal: Refusal) -> LeaderboardError:
    """Return the error that tells of a refusal."""
    kind = _KINDS.get(refusal.code.name, LeaderboardError)
    return kind(
        str(refusal),
        code=refusal.code.name,
        reason=refusal.reason,
        metadata=refusal.metadata,
        violations=map(_violation, refusal.violations),
        retry_after=refusal.retry_after,
    )


def _violation(text: str) -> FieldViolation:
    field, _, description = text.partition(": ")
    return FieldViolation(field, description)
