"""A service in this process that fails calls and updates with the statuses of a script."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from harness.ports import free_port
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1 import leaderboard_pb2_grpc


@dataclass(frozen=True)
class Failure:
    """A status of the script, and the rule for it."""

    code: grpc.StatusCode
    reason: str = ""
    """The name of the ErrorReason; empty for a status that is not the service's own."""
    retry_after_s: int | None = None
    retryable: bool = False
    """Whether every client has to call it retryable."""

    @property
    def name(self) -> str:
        """A user id that stands for the failure."""
        return f"{self.code.name}-{self.reason}-{self.retry_after_s}"

    def status(self) -> status_pb2.Status:
        """Return the status with its details."""
        status = status_pb2.Status(code=self.code.value[0], message="scripted")
        for detail in self._details():
            status.details.add().Pack(detail)
        return status

    def _details(self) -> Sequence[Message]:
        details: list[Message] = []
        if self.reason:
            details.append(error_details_pb2.ErrorInfo(reason=self.reason, domain="leaderboard.v1"))
        if self.retry_after_s is not None:
            delay = Duration(seconds=self.retry_after_s)
            details.append(error_details_pb2.RetryInfo(retry_delay=delay))
        return details


class ScriptedService(leaderboard_pb2_grpc.LeaderboardServiceServicer):
    """Fails the first call for the user of each failure, and every such update of a batch."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        self.calls: Counter[str] = Counter()
        """The number of calls for each user."""
        self._failures = {failure.name: failure for failure in failures}

    async def UpdateScore(  # noqa: N802 - the name of the call
        self,
        request: pb.UpdateScoreRequest,
        context: grpc.aio.ServicerContext[pb.UpdateScoreRequest, pb.UpdateScoreResponse],
    ) -> pb.UpdateScoreResponse:
        """Fail the first call for a user, and accept the others."""
        self.calls[request.user_id] += 1
        if self.calls[request.user_id] == 1:
            await context.abort_with_status(
                rpc_status.to_status(self._failures[request.user_id].status())
            )
        return pb.UpdateScoreResponse(user=pb.RankedUser(user_id=request.user_id, rank=1))

    async def BatchUpdateScores(  # noqa: N802 - the name of the call
        self,
        request: pb.BatchUpdateScoresRequest,
        context: grpc.aio.ServicerContext[
            pb.BatchUpdateScoresRequest, pb.BatchUpdateScoresResponse
        ],
    ) -> pb.BatchUpdateScoresResponse:
        """Fail every update of the batch."""
        response = pb.BatchUpdateScoresResponse()
        for update in request.updates:
            status = self._failures[update.user_id].status()
            response.results.add().status.MergeFromString(status.SerializeToString())
        return response


@asynccontextmanager
async def serving(service: ScriptedService) -> AsyncIterator[str]:
    """Serve for a block, and return the address."""
    server = grpc.aio.server()
    leaderboard_pb2_grpc.add_LeaderboardServiceServicer_to_server(service, server)
    address = f"127.0.0.1:{free_port()}"
    server.add_insecure_port(address)
    await server.start()
    try:
        yield address
    finally:
        await asyncio.shield(server.stop(0))
