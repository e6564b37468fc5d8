"""The errors that end a command, and how they are told."""

from collections.abc import Iterator
from contextlib import contextmanager

from leaderboard_cli.exit_codes import ExitCode, exit_code_of
from leaderboard_client.errors import LeaderboardError

CERTIFICATE_REQUIRED = "it serves callers with a certificate that it trusts alone; see --cert"
"""How a server is told that refused the caller's certificate, or that there was none."""

_HANDSHAKES = {
    "WRONG_VERSION_NUMBER": "it does not speak TLS",
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not trusted; --ca names its authority",
    "Hostname Verification Check failed": "its certificate is of another name",
    "Peer name": "its certificate is of another name",
    "Failed to create security handshaker": "what --ca, --cert or --key names can't be used",
    "TSI_DATA_CORRUPTED": CERTIFICATE_REQUIRED,  # with TLS 1.3 that is told after the handshake
    "_CERTIFICATE_REQUIRED": CERTIFICATE_REQUIRED,
    "ALERT_HANDSHAKE_FAILURE": CERTIFICATE_REQUIRED,
    "ALERT_BAD_CERTIFICATE": CERTIFICATE_REQUIRED,
    "ALERT_UNKNOWN_CA": CERTIFICATE_REQUIRED,
}
"""What a handshake failed with, by the words of gRPC that tell it."""


class CommandError(Exception):
    """Ends the command with a line on stderr and an exit code."""

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class CallError(CommandError):
    """A call, or an update of a batch, was refused or got no answer."""

    def __init__(self, error: LeaderboardError, message: str) -> None:
        super().__init__(message, exit_code_of(error.code))
        self.is_final = bool(error.reason) and not error.retryable and error.code != "INTERNAL"
        """Tells that the service itself refused it for good, so nothing of it counted."""


@contextmanager
def making_request() -> Iterator[None]:
    """Make a request of arguments within the block; one that is no text is wrong usage."""
    try:
        yield
    except UnicodeEncodeError:
        raise CommandError("an argument is not UTF-8", ExitCode.INVALID) from None


def failure_text(error: LeaderboardError, server: str, timeout: float) -> str:
    """Say in one line why a call failed.

    Args:
        error: What it failed with.

        server: Where the call went, HOST:PORT.

        timeout: The seconds that it could take.
    """
    if error.reason:
        return str(error)
    match error.code:
        case "UNAVAILABLE":
            return f"can't reach a leaderboard server at {server}: {_cause(str(error))}"
        case "DEADLINE_EXCEEDED":
            met = f"; before that: {_cause(str(error.__cause__))}" if error.__cause__ else ""
            return f"no answer from {server} within {timeout:g} s{met}"
        case "UNIMPLEMENTED":
            return f"what answers at {server} is no leaderboard server of this version"
        case code:
            return f"{code} from {server}: {error}"


def _cause(message: str) -> str:
    """Return what people need of what gRPC says of a connection that was not made."""
    for mark, cause in _HANDSHAKES.items():
        if mark in message:
            return cause
    return message.rsplit(": ", maxsplit=1)[-1].rstrip("]")
