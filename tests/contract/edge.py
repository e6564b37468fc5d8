"""
Calls a running service with messages or plain bytes, and checks the results.

A rejection is a status with the details of the contract, without any write. The store itself
counts its changes, so a write of any key is detected.
"""

from typing import TypeAlias, cast

import grpc
import pytest
import redis.asyncio
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from contract.rejections import Rejection
from harness.calls import DEADLINE_S, top
from harness.service import LISTENERS, ServiceProcess
from harness.statuses import status_of, status_of_update
from harness.stores import Flavour
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.contests_pb2_grpc import ContestServiceStub
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

RPCS: dict[str, MethodDescriptor] = {
    **pb.DESCRIPTOR.services_by_name["LeaderboardService"].methods_by_name,
    **contests_pb2.DESCRIPTOR.services_by_name["ContestService"].methods_by_name,
}
"""The methods of both services in the contract."""


UnaryCall: TypeAlias = "grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]"
StreamCall: TypeAlias = "grpc.aio.UnaryStreamMultiCallable[bytes, bytes]"

ON_ONE_STORE = pytest.mark.parametrize(
    "shared_store", [Flavour.VALKEY], indirect=True, scope="session"
)
"""Mark of tests that need one kind of store only, because their checks precede the store."""
ON_ONE_LISTENER = pytest.mark.parametrize(
    "listener", LISTENERS[-1:], indirect=True, scope="session"
)
"""Mark of tests that need one listener only, because all listeners share the code."""


def path_of(rpc: str) -> str:
    """Return the path of a method."""
    return f"/{RPCS[rpc].containing_service.full_name}/{rpc}"


class Edge:
    """A running service and its store."""

    def __init__(self, service: ServiceProcess, store: redis.asyncio.Redis) -> None:
        self.service = service
        self._store = store

    @property
    def stub(self) -> LeaderboardServiceStub:
        """The calls of the service."""
        return self.service.stub

    @property
    def contests(self) -> ContestServiceStub:
        """The calls of the service of contests."""
        return self.service.contests

    async def answer(
        self, rpc: str, request: Message | bytes, compression: grpc.Compression | None = None
    ) -> Message:
        """
        Call a method, and return its response, or the first message of a watch.

        Raises:
            grpc.aio.AioRpcError: The call fails.
        """
        data = request if isinstance(request, bytes) else request.SerializeToString()
        path = path_of(rpc)
        if RPCS[rpc].server_streaming:
            encoded = await self._first(path, data, compression)
        else:
            call: UnaryCall = self.service.channel.unary_unary(path)
            encoded = await call(data, timeout=DEADLINE_S, compression=compression)
        return GetMessageClass(RPCS[rpc].output_type).FromString(encoded)

    async def rejection(
        self, rpc: str, request: Message | bytes, compression: grpc.Compression | None = None
    ) -> Rejection:
        """
        Make a call that must be rejected, and return its rejection.

        Raises:
            AssertionError: It succeeded, the status lacks a required detail, or something was
                written.
        """
        before = await self.writes()
        try:
            answer = await self.answer(rpc, request, compression)
        except grpc.aio.AioRpcError as error:
            rejection = Rejection.of(status_of(error))
        else:
            raise AssertionError(f"not rejected, but a response: {answer}")
        assert await self.writes() == before, "something was written"
        return rejection

    async def batch(
        self, request: pb.BatchUpdateScoresRequest
    ) -> list[pb.UpdateScoreResponse | Rejection]:
        """Send a batch, and return the outcome of each update."""
        answer = await self.stub.BatchUpdateScores(request, timeout=DEADLINE_S)
        return [
            result.response
            if result.HasField("response")
            else Rejection.of(status_of_update(result.status))
            for result in answer.results
        ]

    async def board(self, contest_id: str) -> list[tuple[str, int]]:
        """Return the users and scores of a contest, best first."""
        answer = await top(self.stub, contest_id)
        return [(user.user_id, user.score) for user in answer.users]

    async def writes(self) -> int:
        """Return the number of changes that the store has counted."""
        info = await self._store.info("persistence")
        return cast("int", info["rdb_changes_since_last_save"])

    async def keys(self, contest_id: str) -> set[str]:
        """Return the keys of a contest in the store."""
        found = self._store.scan_iter(match=f"*{{{contest_id}}}*", count=10_000)
        return {key.decode() if isinstance(key, bytes) else key async for key in found}

    async def _first(self, path: str, data: bytes, compression: grpc.Compression | None) -> bytes:
        stream: StreamCall = self.service.channel.unary_stream(path)
        call = stream(data, timeout=DEADLINE_S, compression=compression)
        try:
            first = await call.read()
        finally:
            call.cancel()
        assert isinstance(first, bytes), "the stream ended without a message"
        return first
