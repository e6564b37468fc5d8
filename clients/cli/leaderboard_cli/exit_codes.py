"""What the exit code of the `leaderboard` command means."""

from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """The exit codes, each with its meaning for people."""

    meaning: str

    OK = 0, "done"
    UNEXPECTED = 1, "an unexpected error"
    INVALID = 2, "wrong usage, or a value that the service does not take"
    NOT_FOUND = 3, "the user has no score in the contest"
    REJECTED = 4, "refused as things stand, such as a request id that was used otherwise"
    UNAVAILABLE = 5, "the service can't be reached, or did not answer in time"
    BAD_LINES = 6, "import stopped at a bad line"
    WARNED = 7, "doctor found something to look at, or load fell behind its rate"
    FAILED = 8, "a check of doctor failed, or calls of load did"
    INTERRUPTED = 130, "stopped by Ctrl-C"
    PIPE_CLOSED = 141, "nobody reads the output any more"

    def __new__(cls, code: int, meaning: str) -> Self:
        """Make a member that is the code and knows its meaning."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member


_OF_STATUS = {
    "INVALID_ARGUMENT": ExitCode.INVALID,
    "OUT_OF_RANGE": ExitCode.INVALID,
    "NOT_FOUND": ExitCode.NOT_FOUND,
    "ALREADY_EXISTS": ExitCode.REJECTED,
    "FAILED_PRECONDITION": ExitCode.REJECTED,
    "RESOURCE_EXHAUSTED": ExitCode.REJECTED,
    "UNAVAILABLE": ExitCode.UNAVAILABLE,
    "DEADLINE_EXCEEDED": ExitCode.UNAVAILABLE,
    # What gRPC says of a connection that broke.
    "UNKNOWN": ExitCode.UNAVAILABLE,
    "CANCELLED": ExitCode.UNAVAILABLE,
    "ABORTED": ExitCode.UNAVAILABLE,
}


def exit_code_of(status: str) -> ExitCode:
    """Return the exit code of a command whose call ended with a status, given by its name."""
    return _OF_STATUS.get(status, ExitCode.UNEXPECTED)
