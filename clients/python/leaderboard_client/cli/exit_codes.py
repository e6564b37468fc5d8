"""What the exit code of the `leaderboard` command means."""

from __future__ import annotations

from enum import IntEnum
from typing import Self

import grpc


class ExitCode(IntEnum):
    """The exit codes, each with its meaning for people."""

    meaning: str

    OK = 0, "done"
    UNEXPECTED = 1, "an unexpected error"
    INVALID = 2, "wrong usage, or a value that the service does not take"
    NOT_FOUND = 3, "the user has no score in the contest"
    REFUSED = 4, "refused as things stand, such as a request id that was used otherwise"
    UNAVAILABLE = 5, "the service can't be reached, or did not answer in time"
    BAD_LINES = 6, "import stopped at a bad line"
    WARNED = 7, "doctor found something that needs a look"
    FAILED = 8, "a check of doctor failed, or calls of load did"
    INTERRUPTED = 130, "stopped by Ctrl-C"

    def __new__(cls, code: int, meaning: str) -> Self:
        """Make a member that is the code and knows its meaning."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member


_OF_STATUS = {
    grpc.StatusCode.INVALID_ARGUMENT: ExitCode.INVALID,
    grpc.StatusCode.OUT_OF_RANGE: ExitCode.INVALID,
    grpc.StatusCode.NOT_FOUND: ExitCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS: ExitCode.REFUSED,
    grpc.StatusCode.FAILED_PRECONDITION: ExitCode.REFUSED,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ExitCode.REFUSED,
    grpc.StatusCode.UNAVAILABLE: ExitCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: ExitCode.UNAVAILABLE,
}


def exit_code_of(status: grpc.StatusCode) -> ExitCode:
    """Return the exit code of a command whose call ended with a status."""
    return _OF_STATUS.get(status, ExitCode.UNEXPECTED)
