"""The server under examination: its calls, and how they fail."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.message import Message

from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from leaderboard_cli.failures import failure_text
from leaderboard_cli.target import Target
from leaderboard_client.errors import error_of
from leaderboard_client.refusal import Refusal


class CallFailedError(Exception):
    """A call was refused or not answered; the text says why."""

    def __init__(self, refusal: Refusal, why: str) -> None:
        super().__init__(why)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class CheckedTarget:
    """A server while it is examined."""

    target: Target
    """Where it is and how it is called."""

    channel: grpc.Channel
    """The connection to it."""

    @property
    def service(self) -> LeaderboardServiceStub:
        """The calls of the service."""
        return LeaderboardServiceStub(self.channel)

    def call(self, method: Callable[..., Any], request: Message) -> Any:
        """Make a call, and return what the method does.

        Raises:
            CallFailedError: It was refused or not answered.
        """
        how = self.target
        try:
            return method(request, timeout=how.timeout, metadata=how.metadata)
        except grpc.RpcError as error:
            refusal = Refusal.of_call(error)
            why = failure_text(error_of(refusal), how.server, how.timeout)
            raise CallFailedError(refusal, why) from None
