"""Defines the errors that end a command: their exit codes and their texts."""

from enum import IntEnum
from typing import Self

from leaderboard_client.errors import LeaderboardError


class ExitCode(IntEnum):
    """The exit codes, each with its meaning for the help."""

    meaning: str

    OK = 0, "done"
    UNEXPECTED = 1, "an unexpected error"
    INVALID = 2, "wrong usage, or a value that the service rejects"
    NOT_FOUND = 3, "the user has no score in the contest, or there is no such contest or season"
    REJECTED = (
        4,
        (
            "rejected: conflicts with the current state (e.g. request id already used, a contest "
            "that is not open or has other settings, or a season that is not the current one), or "
            "a limit was reached"
        ),
    )
    UNAVAILABLE = 5, "the service can't be reached, or did not answer in time"
    BAD_LINES = 6, "import stopped at a bad line"
    WARNED = 7, "doctor printed a warning, or load did not keep its rate"
    FAILED = 8, "a check of doctor failed, or calls of load failed"
    SKIPPED = 9, "import skipped bad lines"
    INTERRUPTED = 130, "stopped by Ctrl-C, or not confirmed"
    PIPE_CLOSED = 141, "the reader of the output closed the pipe"

    def __new__(cls, code: int, meaning: str) -> Self:
        """Make a member that is the code and has its meaning."""
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
}

_STORE_FULL = "ERROR_REASON_STORE_FULL"

CERTIFICATE_REQUIRED = "it requires a client certificate that it trusts; see --cert and --key"
"""The text for a server that rejected the client's certificate, or that got none."""

_HANDSHAKES = {
    "WRONG_VERSION_NUMBER": "it does not speak TLS",
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not trusted; name its CA with --ca",
    "Hostname Verification Check failed": "its certificate is for another host name",
    "Peer name": "its certificate is for another host name",
    "Failed to create security handshaker": "the files of --ca, --cert or --key can't be used",
    "TSI_DATA_CORRUPTED": CERTIFICATE_REQUIRED,  # with TLS 1.3 this comes after the handshake
    "_CERTIFICATE_REQUIRED": CERTIFICATE_REQUIRED,
    "ALERT_HANDSHAKE_FAILURE": CERTIFICATE_REQUIRED,
    "ALERT_BAD_CERTIFICATE": CERTIFICATE_REQUIRED,
    "ALERT_UNKNOWN_CA": CERTIFICATE_REQUIRED,
}
"""The reasons for a failed handshake, by a part of gRPC's text."""


class CommandError(Exception):
    """Ends the command with a line on stderr and an exit code."""

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = exit_code

    def as_record(self) -> dict[str, object]:
        """Return the error for a script."""
        return {"message": str(self), "exit_code": self.exit_code.value}


class CallError(CommandError):
    """A call, or an update of a batch, was rejected or got no answer."""

    def __init__(self, error: LeaderboardError, message: str) -> None:
        super().__init__(message, _exit_code(error))
        self.error = error

    def as_record(self) -> dict[str, object]:
        """Return the error for a script, with all that the service said."""
        error = self.error
        return super().as_record() | {
            "code": error.code,
            "reason": error.reason or None,
            "metadata": error.metadata,
            "violations": [violation._asdict() for violation in error.violations],
            "retryable": error.retryable,
            "retry_after": error.retry_after,
        }

    @property
    def is_final(self) -> bool:
        """Whether the service itself rejected it for good, so that none of it counted."""
        error = self.error
        return bool(error.reason) and not error.retryable and error.code != "INTERNAL"


def _exit_code(error: LeaderboardError) -> ExitCode:
    if error.retryable and not error.reason and error.retry_after is None:
        return ExitCode.UNAVAILABLE  # whatever status gRPC gave to a connection that broke
    return _OF_STATUS.get(error.code, ExitCode.UNEXPECTED)


def failure_text(error: LeaderboardError, server: str, timeout: float) -> str:
    """Return the line that says why a call failed.

    Args:
        error: The error of the call.

        server: The server, HOST:PORT.

        timeout: The seconds that the call could take.
    """
    if error.reason == _STORE_FULL:
        return f"{error}; make room in the store or raise its maxmemory, reads still work"
    if error.reason:
        return str(error)
    match error.code:
        case "UNAVAILABLE":
            return f"can't reach a leaderboard server at {server}: {_cause(str(error))}"
        case "DEADLINE_EXCEEDED":
            earlier = f"; before that: {_cause(str(error.__cause__))}" if error.__cause__ else ""
            return f"no answer from {server} within {timeout:g} s{earlier}"
        case "UNIMPLEMENTED":
            return f"the server at {server} is not a leaderboard server of this version"
        case code:
            return f"{code} from {server}: {error}"


def _cause(message: str) -> str:
    """Return the useful part of gRPC's text about a connection that could not be made."""
    for part, cause in _HANDSHAKES.items():
        if part in message:
            return cause
    return message.rsplit(": ", maxsplit=1)[-1].rstrip("]")
