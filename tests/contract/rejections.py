"""Expected rejections of calls and updates: the status, and exactly the promised details."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import grpc

from harness.statuses import Status

MAX_SCORE = 2**53
MAX_REQUEST_BYTES = 2**20

_BOUNDS = {"minScore": str(-MAX_SCORE), "maxScore": str(MAX_SCORE)}


@dataclass(frozen=True)
class Rejection:
    """
    A status without its text.

    Attributes:
        code: The status code.
        reason: The `ErrorReason` value without its prefix.
        metadata: Exactly the metadata of the reason.
        fields: The fields that a `BadRequest` names; none if no field is invalid.
        retry: Whether there is a `RetryInfo`.
    """

    code: grpc.StatusCode
    reason: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    retry: bool = False

    @classmethod
    def of(cls, status: Status) -> Self:
        """Convert a status."""
        assert status.message, "a status without a text"
        return cls(
            status.code,
            status.reason.removeprefix("ERROR_REASON_"),
            status.metadata,
            status.fields,
            status.retry_after is not None,
        )


def invalid(*fields: str) -> Rejection:
    """Return the rejection of a request with these invalid fields."""
    return Rejection(
        grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", {"field": fields[0]}, fields
    )


def malformed(message: str) -> Rejection:
    """Return the rejection of bytes that are not this message of the package."""
    return Rejection(
        grpc.StatusCode.INVALID_ARGUMENT,
        "MALFORMED_REQUEST",
        {"message": f"leaderboard.v1.{message}"},
    )


def too_large() -> Rejection:
    """Return the rejection of a request with too many bytes."""
    return Rejection(
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "MESSAGE_TOO_LARGE",
        {"maxBytes": str(MAX_REQUEST_BYTES)},
    )


def out_of_range(contest_id: str, user_id: str) -> Rejection:
    """Return the rejection of points or a score out of bounds."""
    return Rejection(
        grpc.StatusCode.OUT_OF_RANGE,
        "SCORE_OUT_OF_RANGE",
        {"contestId": contest_id, "userId": user_id, **_BOUNDS},
    )


def user_not_found(contest_id: str, user_id: str) -> Rejection:
    """Return the rejection of a read of a user without a score."""
    return Rejection(
        grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND", {"contestId": contest_id, "userId": user_id}
    )


def request_id_reused(contest_id: str, request_id: str) -> Rejection:
    """Return the rejection of a request id that was used for another write."""
    return Rejection(
        grpc.StatusCode.ALREADY_EXISTS,
        "REQUEST_ID_REUSED",
        {"contestId": contest_id, "requestId": request_id},
    )


def contest_not_found(contest_id: str) -> Rejection:
    """Return the rejection of a call for a contest that does not exist."""
    return Rejection(grpc.StatusCode.NOT_FOUND, "CONTEST_NOT_FOUND", {"contestId": contest_id})


def contest_already_exists(contest_id: str) -> Rejection:
    """Return the rejection of a contest that exists with other settings."""
    return Rejection(
        grpc.StatusCode.ALREADY_EXISTS, "CONTEST_ALREADY_EXISTS", {"contestId": contest_id}
    )


def season_not_current(contest_id: str, current: int) -> Rejection:
    """Return the rejection of a write or reset of another season than the current one."""
    return Rejection(
        grpc.StatusCode.FAILED_PRECONDITION,
        "SEASON_NOT_CURRENT",
        {"contestId": contest_id, "season": str(current)},
    )


def season_not_found(contest_id: str, season: int) -> Rejection:
    """Return the rejection of a read of a season that is not there, or not kept any more."""
    return Rejection(
        grpc.StatusCode.NOT_FOUND,
        "SEASON_NOT_FOUND",
        {"contestId": contest_id, "season": str(season)},
    )


def rules_locked(contest_id: str, rule: str) -> Rejection:
    """Return the rejection of a rule that would reorder a board that has scores."""
    return Rejection(
        grpc.StatusCode.FAILED_PRECONDITION,
        "RULES_LOCKED",
        {"contestId": contest_id, "field": f"rules.{rule}"},
    )


def contest_not_open(contest_id: str, state: str, time: str) -> Rejection:
    """Return the rejection of a write before a contest opens at this time, or after its end."""
    return Rejection(
        grpc.StatusCode.FAILED_PRECONDITION,
        "CONTEST_NOT_OPEN",
        {"contestId": contest_id, "state": state, "time": time},
    )


def unreachable(contest_id: str, epoch: str, revision: int) -> Rejection:
    """Return the rejection of a position that can't be reached by a contest at this one."""
    return Rejection(
        grpc.StatusCode.FAILED_PRECONDITION,
        "POSITION_UNREACHABLE",
        {"contestId": contest_id, "epoch": epoch, "revision": str(revision)},
    )


def draining() -> Rejection:
    """Return the rejection of a call that arrives while the server stops."""
    return Rejection(grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING", retry=True)


def overloaded(limit: str) -> Rejection:
    """Return the rejection of a call over a limit of the server."""
    return Rejection(grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", {"limit": limit}, retry=True)
