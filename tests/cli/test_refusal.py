"""A refusal says what its status says, whoever gave it."""

from __future__ import annotations

import grpc
import pytest
from google.rpc import code_pb2

from cli.fake_service import refusal
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.refusal import Refusal


def refused(code: int, message: str, reason: str = "", **details: str | float) -> Refusal:
    """Read the status of a refused update."""
    status = refusal(code, message, reason, **details)  # type: ignore[arg-type]
    return Refusal.of_update(pb.UpdateStatus.FromString(status.SerializeToString()))


def test_details_are_read() -> None:
    """The code, the reason, the fields and the delay come from the status and its details."""
    told = refused(
        code_pb2.INVALID_ARGUMENT,
        "bad",
        "ERROR_REASON_INVALID_FIELD",
        violation="user_id: must not be empty",
        retry_after=1.5,
    )

    assert told == Refusal(
        code=grpc.StatusCode.INVALID_ARGUMENT,
        message="bad",
        reason="ERROR_REASON_INVALID_FIELD",
        violations=("user_id: must not be empty",),
        retry_after=1.5,
    )
    assert str(told) == "user_id: must not be empty"


def test_a_status_without_details_is_read() -> None:
    """Without details the message is what is known, or else the name of the code."""
    assert str(refused(code_pb2.NOT_FOUND, "no\n such  user")) == "no such user"
    assert str(refused(code_pb2.NOT_FOUND, "")) == "NOT_FOUND"
    assert refused(code_pb2.NOT_FOUND, "").retry_after is None


def test_a_code_of_a_later_version_is_unknown() -> None:
    """A code that gRPC does not have counts as UNKNOWN."""
    assert refused(999, "?").code is grpc.StatusCode.UNKNOWN


@pytest.mark.parametrize("code", list(grpc.StatusCode)[1:])
def test_unavailable_is_worth_a_repeat(code: grpc.StatusCode) -> None:
    """So is what the server says when to repeat, and nothing else."""
    expected = code is grpc.StatusCode.UNAVAILABLE

    assert refused(code.value[0], "").retryable == expected
    assert refused(code.value[0], "", retry_after=1.0).retryable
