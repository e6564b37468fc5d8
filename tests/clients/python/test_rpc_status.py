"""Errors hold what the status of a failed call, or of a rejected update, says."""

import grpc
import pytest
from google.rpc import code_pb2

from cli.refusals import refusal
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import FieldViolation, InvalidRequest, LeaderboardError
from leaderboard_client.rpc_status import error_from_update


def rejected(code: int, message: str, reason: str = "", **details: str | float) -> LeaderboardError:
    """Read the status of a rejected update."""
    status = refusal(code, message, reason, **details)  # type: ignore[arg-type]
    return error_from_update(pb.UpdateStatus.FromString(status.SerializeToString()))


def test_details_are_read() -> None:
    """The code, the reason, the fields and the delay come from the status and its details."""
    error = rejected(
        code_pb2.INVALID_ARGUMENT,
        "bad",
        "ERROR_REASON_INVALID_FIELD",
        violation="user_id: must not be empty",
        retry_after=1.5,
    )

    assert type(error) is InvalidRequest
    assert (error.code, error.reason) == ("INVALID_ARGUMENT", "ERROR_REASON_INVALID_FIELD")
    assert error.violations == (FieldViolation("user_id", "must not be empty"),)
    assert (error.retry_after, error.metadata) == (1.5, {})
    assert str(error) == "user_id: must not be empty"


def test_a_status_without_details_is_read() -> None:
    """Without details the text is the message, or else the name of the code."""
    assert str(rejected(code_pb2.NOT_FOUND, "no\n such  user")) == "no such user"
    assert str(rejected(code_pb2.NOT_FOUND, "")) == "NOT_FOUND"
    assert rejected(code_pb2.NOT_FOUND, "").retry_after is None


def test_a_code_of_a_later_version_is_unknown() -> None:
    """A code that gRPC does not have counts as UNKNOWN."""
    assert rejected(999, "?").code == "UNKNOWN"


@pytest.mark.parametrize("code", list(grpc.StatusCode)[1:])
def test_an_error_of_the_service_is_worth_a_repeat(code: grpc.StatusCode) -> None:
    """UNAVAILABLE, DEADLINE_EXCEEDED and what has a delay are retryable, and nothing else."""
    expected = code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}

    assert rejected(code.value[0], "", "ERROR_REASON_OTHER").retryable == expected
    assert rejected(code.value[0], "", retry_after=1.0).retryable
