"""A leaderboard server in this process; each test decides its answers."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from types import TracebackType
from typing import Self

import grpc
from google.protobuf.message import Message
from google.rpc import status_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from cli.fake_contests import FakeContests
from cli.refusals import abort
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.contests_pb2_grpc import add_ContestServiceServicer_to_server
from leaderboard.v1.leaderboard_pb2_grpc import (
    LeaderboardServiceServicer,
    add_LeaderboardServiceServicer_to_server,
)


class FakeService(LeaderboardServiceServicer):
    """Adds up points by user, remembers request ids, and rejects the calls that a test chooses.

    As a context manager it listens on `address` within the block.
    """

    def __init__(
        self, credentials: grpc.ServerCredentials | None = None, at: str = "127.0.0.1:0"
    ) -> None:
        """Prepare a service; it speaks TLS if there are credentials."""
        self.address = ""
        self.tokens: list[str | bytes] = []
        """The `authorization` of each call that had one."""
        self.date = ""
        """The HTTP date in answers of the health service; none when empty."""
        self.serving = True
        """The health of the server and of the service."""
        self.display_name = ""
        """The name of users whose updates have none."""
        self.scores: dict[tuple[str, str], int] = {}
        """The score of each contest and user."""
        self.received: list[pb.UpdateScoreRequest] = []
        """All received updates, also the rejected ones."""
        self.batches: list[int] = []
        """The number of updates of each batch."""
        self.refusals: deque[status_pb2.Status] = deque()
        """The next calls are rejected with these, one each."""
        self.refuse_update: Callable[[pb.UpdateScoreRequest], status_pb2.Status | None]
        self.refuse_update = lambda _update: None
        """Returns the status of each update of a batch that is rejected."""
        self.top = pb.GetTopUsersResponse()
        """The answer of GetTopUsers."""
        self.tops: deque[pb.GetTopUsersResponse] = deque()
        """The answers of the first calls of GetTopUsers instead, in turn."""
        self.rank = pb.GetUserRankResponse()
        """The answer of GetUserRank."""
        self.ranks = pb.BatchGetUserRanksResponse()
        """The answer of BatchGetUserRanks."""
        self.ranks_of: dict[str, pb.BatchGetUserRanksResponse] = {}
        """The answers of BatchGetUserRanks for some contests instead."""
        self.ranks_in: dict[tuple[str, int], pb.BatchGetUserRanksResponse | status_pb2.Status] = {}
        """Those for some seasons of contests instead; a status is an error."""
        self.score_rank = pb.GetScoreRankResponse()
        """The answer of GetScoreRank."""
        self.contests = FakeContests(self._begin_call)
        """The contests, which don't know the updates."""
        self.stream: Iterable[pb.WatchContestResponse] = ()
        """The messages of a watch; then the stream ends, or waits until `held` is set."""
        self.streams: deque[Iterable[pb.WatchContestResponse]] = deque()
        """The messages of the first watches instead, in turn; then their streams end at once."""
        self.held = Event()
        self.asked: list[Message] = []
        """All requests of reads, of contests and of watches."""
        self._seen: set[tuple[str, str]] = set()
        self._server = grpc.server(ThreadPoolExecutor(max_workers=4))
        self._credentials = credentials
        self._at = at
        self.held.set()

    def __enter__(self) -> Self:
        add_LeaderboardServiceServicer_to_server(self, self._server)
        add_ContestServiceServicer_to_server(self.contests, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(_Health(self), self._server)
        if self._credentials:
            port = self._server.add_secure_port(self._at, self._credentials)
        else:
            port = self._server.add_insecure_port(self._at)
        self._server.start()
        self.address = f"{self._at.rpartition(':')[0]}:{port}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.held.set()
        self._server.stop(None).wait()

    def UpdateScore(  # noqa: N802 (the name of the contract)
        self, request: pb.UpdateScoreRequest, context: grpc.ServicerContext
    ) -> pb.UpdateScoreResponse:
        """Add the points, or reject the call with the next of `refusals`."""
        self._record_token(context)
        self.received.append(request)
        self._reject_if_due(context)
        return self._add(request)

    def BatchUpdateScores(  # noqa: N802 (the name of the contract)
        self, request: pb.BatchUpdateScoresRequest, context: grpc.ServicerContext
    ) -> pb.BatchUpdateScoresResponse:
        """Add the points of each update that is not rejected."""
        self._record_token(context)
        self.batches.append(len(request.updates))
        self.received.extend(request.updates)
        self._reject_if_due(context)
        response = pb.BatchUpdateScoresResponse()
        for update in request.updates:
            status = self.refuse_update(update)
            if status:
                rejected = pb.UpdateStatus.FromString(status.SerializeToString())
                response.results.add(status=rejected)
            else:
                response.results.add(response=self._add(update))
        return response

    def GetTopUsers(  # noqa: N802 (the name of the contract)
        self, request: pb.GetTopUsersRequest, context: grpc.ServicerContext
    ) -> pb.GetTopUsersResponse:
        """Return one of `tops`, or `top`; or reject the call."""
        self._begin_call(request, context)
        return self.tops.popleft() if self.tops else self.top

    def GetUserRank(  # noqa: N802 (the name of the contract)
        self, request: pb.GetUserRankRequest, context: grpc.ServicerContext
    ) -> pb.GetUserRankResponse:
        """Return `rank`, or reject the call."""
        self._begin_call(request, context)
        return self.rank

    def BatchGetUserRanks(  # noqa: N802 (the name of the contract)
        self, request: pb.BatchGetUserRanksRequest, context: grpc.ServicerContext
    ) -> pb.BatchGetUserRanksResponse:
        """Return those of `ranks_in`, `ranks_of` or `ranks`, or reject the call."""
        self._begin_call(request, context)
        answer = self.ranks_in.get((request.contest_id, request.season))
        if isinstance(answer, status_pb2.Status):
            abort(context, answer)
        return answer or self.ranks_of.get(request.contest_id, self.ranks)

    def GetScoreRank(  # noqa: N802 (the name of the contract)
        self, request: pb.GetScoreRankRequest, context: grpc.ServicerContext
    ) -> pb.GetScoreRankResponse:
        """Return `score_rank`, or reject the call."""
        self._begin_call(request, context)
        return self.score_rank

    def WatchContest(  # noqa: N802 (the name of the contract)
        self, request: pb.WatchContestRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.WatchContestResponse]:
        """Send one of `streams`, or `stream`, and wait for `held`; then reject if it is due."""
        self._record_token(context)
        self.asked.append(request)
        if self.streams:
            yield from self.streams.popleft()
        else:
            yield from self.stream
            if context.add_callback(self.held.set):  # otherwise the watcher has already left
                self.held.wait()
        self._reject_if_due(context)

    def _begin_call(self, request: Message, context: grpc.ServicerContext) -> None:
        """Record the request and the token of a call, and end it if that is due."""
        self._record_token(context)
        self.asked.append(request)
        self._reject_if_due(context)

    def _record_token(self, context: grpc.ServicerContext) -> None:
        """Record the token of a call."""
        metadata = dict(context.invocation_metadata())
        self.tokens.extend([metadata["authorization"]] if "authorization" in metadata else [])

    def _reject_if_due(self, context: grpc.ServicerContext) -> None:
        """End the call with the next of `refusals`, if there is one."""
        if self.refusals:
            abort(context, self.refusals.popleft())

    def _add(self, update: pb.UpdateScoreRequest) -> pb.UpdateScoreResponse:
        """Add the points, once for each request id."""
        named = (update.contest_id, update.request_id)
        user = (update.contest_id, update.user_id)
        before = self.scores.get(user, 0)
        replayed = named in self._seen
        if not replayed:
            self._seen.add(named)
            self.scores[user] = before + update.points
        return pb.UpdateScoreResponse(
            user=pb.RankedUser(
                user_id=update.user_id,
                score=self.scores[user],
                rank=1,
                display_name=update.display_name or self.display_name,
                place=1,
                attributes=update.attributes,
            ),
            previous_score=before,
            previous_rank=2,
            previous_place=2,
            applied=True,
            replayed=replayed,
            position=pb.Position(epoch="e", revision=len(self._seen)),
        )


class _Health(health.HealthServicer):  # type: ignore[misc]
    """The health service of a fake service."""

    def __init__(self, service: FakeService) -> None:
        super().__init__()
        self._service = service

    def Check(  # noqa: N802 (the name of the contract)
        self, request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext
    ) -> health_pb2.HealthCheckResponse:
        """Return the health, with the date if there is one."""
        if self._service.date:
            context.send_initial_metadata((("date", self._service.date),))
        states = health_pb2.HealthCheckResponse
        return states(status=states.SERVING if self._service.serving else states.NOT_SERVING)
