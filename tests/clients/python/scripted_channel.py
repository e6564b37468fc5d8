"""A channel without a connection, whose every response a test decides."""

from typing import Any

import grpc
import grpc_testing
from google.rpc import status_pb2
from grpc_status.rpc_status import GRPC_DETAILS_METADATA_KEY

from leaderboard.v1 import leaderboard_pb2 as pb

SERVICE = pb.DESCRIPTOR.services_by_name["LeaderboardService"]


def scripted_channel() -> Any:
    """Return the channel: `take_unary_unary` gives the next call on it."""
    return grpc_testing.channel([SERVICE], grpc_testing.strict_real_time())


class Attempt:
    """An attempt of a call that waits for its response."""

    def __init__(self, channel: Any, method: str) -> None:
        """Wait until a method is called on a scripted channel."""
        taken = channel.take_unary_unary(SERVICE.methods_by_name[method])
        metadata, self.request, self._call = taken
        self.metadata = dict(metadata)

    def answer(self, response: Any) -> None:
        """Answer with a response."""
        self._call.terminate(response, (), grpc.StatusCode.OK, "")

    def fail(self, status: status_pb2.Status) -> None:
        """Answer with a status and its details."""
        code = next(code for code in grpc.StatusCode if code.value[0] == status.code)
        details = ((GRPC_DETAILS_METADATA_KEY, status.SerializeToString()),)
        self._call.terminate(None, details if status.details else (), code, status.message)
