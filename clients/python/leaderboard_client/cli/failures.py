"""The errors that end a command, and how they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from leaderboard_client.cli.exit_codes import ExitCode, exit_code_of

if TYPE_CHECKING:
    from leaderboard_client.refusal import Refusal


_HANDSHAKES = {
    "WRONG_VERSION_NUMBER": "it does not speak TLS",
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not trusted; --ca names its authority",
    "Hostname Verification Check failed": "its certificate is of another name",
    "Peer name": "its certificate is of another name",
}
"""What a handshake failed with, by the words of gRPC that tell it."""


class CommandError(Exception):
    """Ends the command with a line on stderr and an exit code."""

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class CallError(CommandError):
    """A call, or an update of a batch, was refused or got no answer."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        super().__init__(message, exit_code_of(refusal.code))
        self.refusal = refusal


def told(refusal: Refusal, server: str, timeout: float) -> str:
    """Say in one line why a call failed.

    Args:
        refusal: What it was refused with.

        server: Where the call went, HOST:PORT.

        timeout: Its deadline in seconds.
    """
    if refusal.reason:
        return str(refusal)
    match refusal.code:
        case grpc.StatusCode.UNAVAILABLE:
            return f"can't reach a leaderboard server at {server}: {_cause(str(refusal))}"
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return f"no answer from {server} within {timeout:g} s"
        case grpc.StatusCode.UNIMPLEMENTED:
            return f"what answers at {server} is no leaderboard server of this version"
        case code:
            return f"{code.name} from {server}: {refusal}"


def _cause(message: str) -> str:
    """Return what people need of what gRPC says of a connection that was not made."""
    for mark, cause in _HANDSHAKES.items():
        if mark in message:
            return cause
    return message.rsplit(": ", maxsplit=1)[-1]
