"""
Calls the edge of a running service with messages or plain bytes, and proves what came of it.

The one place that says what a refusal is: a status with the promised details, and nothing written.
The store itself counts its changes, so not even a key of another name can slip through.
"""

from typing import TypeAlias, cast

import grpc
import pytest
import redis.asyncio
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from contract.refusals import Refusal
from harness.calls import DEADLINE_S, top
from harness.service import LISTENERS, SERVICE_NAME, ServiceProcess
from harness.statuses import status_of, status_of_update
from harness.stores import Flavour
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

RPCS: dict[str, MethodDescriptor] = dict(
    pb.DESCRIPTOR.services_by_name["LeaderboardService"].methods_by_name
)
"""The methods of the service, as the contract has them."""


UnaryCall: TypeAlias = "grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]"
StreamCall: TypeAlias = "grpc.aio.UnaryStreamMultiCallable[bytes, bytes]"

ON_ONE_STORE = pytest.mark.parametrize(
    "shared_store", [Flavour.VALKEY], indirect=True, scope="session"
)
"""Marks what is decided before the store is asked, and so is the same on each kind of store."""
ON_ONE_LISTENER = pytest.mark.parametrize(
    "listener", LISTENERS[-1:], indirect=True, scope="session"
)
"""Marks what is decided by methods that listeners share; the others run on each."""


class Edge:
    """A running service and its store."""

    def __init__(self, service: ServiceProcess, store: redis.asyncio.Redis) -> None:
        self.service = service
        self._store = store

    @property
    def stub(self) -> LeaderboardServiceStub:
        """The calls of the service."""
        return self.service.stub

    async def answer(
        self, rpc: str, request: Message | bytes, compression: grpc.Compression | None = None
    ) -> Message:
        """
        Call a method, and return its answer; of a watch the first message.

        Raises:
            grpc.aio.AioRpcError: The service refuses.
        """
        data = request if isinstance(request, bytes) else request.SerializeToString()
        path = f"/{SERVICE_NAME}/{rpc}"
        if RPCS[rpc].server_streaming:
            encoded = await self._first(path, data, compression)
        else:
            call: UnaryCall = self.service.channel.unary_unary(path)
            encoded = await call(data, timeout=DEADLINE_S, compression=compression)
        return GetMessageClass(RPCS[rpc].output_type).FromString(encoded)

    async def refusal(
        self, rpc: str, request: Message | bytes, compression: grpc.Compression | None = None
    ) -> Refusal:
        """
        Make a call that must be refused, and return how it was.

        Raises:
            AssertionError: It was answered, the status lacks what every status has, or something
                was written.
        """
        before = await self.writes()
        try:
            answer = await self.answer(rpc, request, compression)
        except grpc.aio.AioRpcError as error:
            refusal = Refusal.of(status_of(error))
        else:
            raise AssertionError(f"not refused but answered: {answer}")
        assert await self.writes() == before, "something was written"
        return refusal

    async def batch(
        self, request: pb.BatchUpdateScoresRequest
    ) -> list[pb.UpdateScoreResponse | Refusal]:
        """Send a batch, and return what each update led to."""
        answer = await self.stub.BatchUpdateScores(request, timeout=DEADLINE_S)
        return [
            result.response
            if result.HasField("response")
            else Refusal.of(status_of_update(result.status))
            for result in answer.results
        ]

    async def board(self, contest_id: str) -> list[tuple[str, int]]:
        """Return the users and scores of a contest, best first."""
        answer = await top(self.stub, contest_id)
        return [(user.user_id, user.score) for user in answer.users]

    async def writes(self) -> int:
        """Return how many changes the store counts."""
        info = await self._store.info("persistence")
        return cast("int", info["rdb_changes_since_last_save"])

    async def _first(self, path: str, data: bytes, compression: grpc.Compression | None) -> bytes:
        stream: StreamCall = self.service.channel.unary_stream(path)
        call = stream(data, timeout=DEADLINE_S, compression=compression)
        try:
            first = await call.read()
        finally:
            call.cancel()
        assert isinstance(first, bytes), "the stream ended without a message"
        return first
