"""How a refused call or update must look: the status and exactly the details that are promised."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import grpc

from harness.statuses import Status

MAX_SCORE = 2**53
MAX_REQUEST_BYTES = 2**20

_BOUNDS = {"minScore": str(-MAX_SCORE), "maxScore": str(MAX_SCORE)}


@dataclass(frozen=True)
class Refusal:
    """
    What a caller can act upon: all of a status but its text.

    Attributes:
        code: The status code.
        reason: The `ErrorReason` value without its prefix.
        metadata: What the reason comes with, no more and no less.
        fields: The fields that a `BadRequest` names; none where no field is wrong.
        retry: Whether a `RetryInfo` says when to try again.
    """

    code: grpc.StatusCode
    reason: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    retry: bool = False

    @classmethod
    def of(cls, status: Status) -> Self:
        """Take from a status what must be as promised."""
        assert status.message, "a status without a text"
        return cls(
            status.code,
            status.reason.removeprefix("ERROR_REASON_"),
            status.metadata,
            status.fields,
            status.retry_after is not None,
        )


def invalid(*fields: str) -> Refusal:
    """Return the refusal of a request with these wrong fields."""
    return Refusal(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", {"field": fields[0]}, fields)


def malformed(message: str) -> Refusal:
    """Return the refusal of bytes that are not this message of the package."""
    return Refusal(
        grpc.StatusCode.INVALID_ARGUMENT,
        "MALFORMED_REQUEST",
        {"message": f"leaderboard.v1.{message}"},
    )


def too_large() -> Refusal:
    """Return the refusal of a request with too many bytes."""
    return Refusal(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "MESSAGE_TOO_LARGE",
        {"maxBytes": str(MAX_REQUEST_BYTES)},
    )


def out_of_range(contest_id: str, user_id: str) -> Refusal:
    """Return the refusal of points or a score beyond the bounds."""
    return Refusal(
        grpc.StatusCode.OUT_OF_RANGE,
        "SCORE_OUT_OF_RANGE",
        {"contestId": contest_id, "userId": user_id, **_BOUNDS},
    )


def user_not_found(contest_id: str, user_id: str) -> Refusal:
    """Return the refusal to rank a user without a score."""
    return Refusal(
        grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND", {"contestId": contest_id, "userId": user_id}
    )


def request_id_reused(contest_id: str, request_id: str) -> Refusal:
    """Return the refusal of a request id that names another write already."""
    return Refusal(
        grpc.StatusCode.ALREADY_EXISTS,
        "REQUEST_ID_REUSED",
        {"contestId": contest_id, "requestId": request_id},
    )


def unreachable(contest_id: str, epoch: str, revision: int) -> Refusal:
    """Return the refusal of a position that a contest, which is at this one, can't reach."""
    return Refusal(
        grpc.StatusCode.FAILED_PRECONDITION,
        "POSITION_UNREACHABLE",
        {"contestId": contest_id, "epoch": epoch, "revision": str(revision)},
    )


def draining() -> Refusal:
    """Return the refusal of a call that comes when the server stops."""
    return Refusal(grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING", retry=True)


def overloaded(limit: str) -> Refusal:
    """Return the refusal of what is over a limit of the server."""
    return Refusal(grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", {"limit": limit}, retry=True)
