"""Calls a leaderboard server: a deadline for each call, and repeats where they are safe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeAlias, TypeVar

import grpc

from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from leaderboard_client.cli.failures import CallError, told
from leaderboard_client.cli.retries import until_answered
from leaderboard_client.refusal import Refusal

if TYPE_CHECKING:
    from types import TracebackType

    from leaderboard.v1 import leaderboard_pb2 as pb
    from leaderboard_client.cli.target import Target

_ATTEMPTS = 4
_CLOSED = "Socket closed"

_Method: TypeAlias = "grpc.UnaryUnaryMultiCallable[RequestT, ResponseT]"
RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")


class Connection:
    """The calls of one server; lives as long as its command.

    Every call raises CallError when it is refused or not answered in time.
    """

    def __init__(self, target: Target) -> None:
        """Prepare calls of a server; the connection is made with the first one."""
        self._target = target
        self._channel = target.channel()
        stub = LeaderboardServiceStub(self._channel)
        self._update_score: _Method[pb.UpdateScoreRequest, pb.UpdateScoreResponse]
        self._update_score = stub.UpdateScore
        self._batch_update: _Method[pb.BatchUpdateScoresRequest, pb.BatchUpdateScoresResponse]
        self._batch_update = stub.BatchUpdateScores
        self._get_top_users: _Method[pb.GetTopUsersRequest, pb.GetTopUsersResponse]
        self._get_top_users = stub.GetTopUsers
        self._get_user_rank: _Method[pb.GetUserRankRequest, pb.GetUserRankResponse]
        self._get_user_rank = stub.GetUserRank

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._channel.close()

    def update_score(self, request: pb.UpdateScoreRequest) -> pb.UpdateScoreResponse:
        """Send an update that has a `request_id`, so that its repeats count once."""
        return self._repeat(self._update_score, request)

    def batch_update_scores(
        self, request: pb.BatchUpdateScoresRequest
    ) -> pb.BatchUpdateScoresResponse:
        """Send updates once; repeating what was not taken is the caller's part."""
        return self._call(self._batch_update, request)

    def get_top_users(self, request: pb.GetTopUsersRequest) -> pb.GetTopUsersResponse:
        """Read consecutive ranks."""
        return self._repeat(self._get_top_users, request)

    def get_user_rank(self, request: pb.GetUserRankRequest) -> pb.GetUserRankResponse:
        """Read one user's rank."""
        return self._repeat(self._get_user_rank, request)

    def _repeat(self, method: _Method[RequestT, ResponseT], request: RequestT) -> ResponseT:
        return until_answered(lambda: self._call(method, request), attempts=_ATTEMPTS)

    def _call(self, method: _Method[RequestT, ResponseT], request: RequestT) -> ResponseT:
        try:
            return method(request, timeout=self._target.timeout, metadata=self._target.metadata)
        except grpc.RpcError as error:
            raise self._failed(error) from None

    def _failed(self, error: grpc.RpcError) -> CallError:
        refusal = Refusal.of_call(error)
        why = told(refusal, self._target.server, self._target.timeout)
        if why.endswith(_CLOSED):  # by a server that expects TLS, or a certificate, for one
            why += "; `leaderboard doctor` looks why"
        return CallError(refusal, why)
