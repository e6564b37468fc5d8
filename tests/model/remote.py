"""Calls a real server with the requests of the model, and returns its answers."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import grpc
from google.rpc import status_pb2
from grpc_status import rpc_status

from harness.service import CHANNEL_OPTIONS
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1 import leaderboard_pb2_grpc
from model.epochs import Epochs
from model.records import (
    Position,
    Rank,
    RankedUser,
    Rejection,
    Result,
    ScoreRank,
    Top,
    Update,
    UserRanks,
)
from model.statuses import rejection_of

Answer = TypeVar("Answer", Result, Top, Rank, UserRanks, ScoreRank)

DEADLINE_S = 10.0
"""Generous: it only decides when a call to a broken service fails."""


class RemoteService:
    """One server, with the methods of the model `Service`."""

    def __init__(self, address: str, epochs: Epochs) -> None:
        self._channel = grpc.insecure_channel(address, options=CHANNEL_OPTIONS)
        self._stub = leaderboard_pb2_grpc.LeaderboardServiceStub(self._channel)
        self._epochs = epochs

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def update(self, update: Update, *, wait_for_ready: bool = False) -> Result | Rejection:
        """Apply one update; optionally wait for a starting server."""
        return self.begin_update(update, wait_for_ready=wait_for_ready)()

    def begin_update(
        self, update: Update, *, wait_for_ready: bool = False
    ) -> Callable[[], Result | Rejection]:
        """Send one update, and return a function that waits for the answer."""
        call = self._stub.UpdateScore.future(
            _update(update), timeout=DEADLINE_S, wait_for_ready=wait_for_ready
        )
        return partial(self._answer, call, update.contest_id, self._result)

    def batch(self, updates: Sequence[Update]) -> list[Result | Rejection]:
        """Apply updates that are sent together."""
        request = pb.BatchUpdateScoresRequest(updates=[_update(update) for update in updates])
        response = self._stub.BatchUpdateScores(request, timeout=DEADLINE_S)
        assert len(response.results) == len(updates)
        return [
            self._outcome(update.contest_id, result)
            for update, result in zip(updates, response.results, strict=True)
        ]

    def top(
        self,
        contest_id: str,
        *,
        limit: int = 0,
        start_rank: int = 0,
        min_position: Position | None = None,
    ) -> Top | Rejection:
        """Return consecutive rows."""
        return self.begin_top(
            contest_id, limit=limit, start_rank=start_rank, min_position=min_position
        )()

    def begin_top(
        self,
        contest_id: str,
        *,
        limit: int = 0,
        start_rank: int = 0,
        min_position: Position | None = None,
    ) -> Callable[[], Top | Rejection]:
        """Request consecutive rows, and return a function that waits for the answer."""
        request = pb.GetTopUsersRequest(
            contest_id=contest_id,
            limit=limit,
            start_rank=start_rank,
            min_position=self._wanted(contest_id, min_position),
        )
        call = self._stub.GetTopUsers.future(request, timeout=DEADLINE_S)
        return partial(self._answer, call, contest_id, self._top)

    def rank(
        self,
        contest_id: str,
        user_id: str,
        *,
        neighbors: int = 0,
        around_user: int = 0,
        min_position: Position | None = None,
    ) -> Rank | Rejection:
        """Return the rank of one user."""
        request = pb.GetUserRankRequest(
            contest_id=contest_id,
            user_id=user_id,
            neighbors=neighbors,
            around=around_user,
            min_position=self._wanted(contest_id, min_position),
        )
        call = self._stub.GetUserRank.future(request, timeout=DEADLINE_S)
        return self._answer(call, contest_id, self._rank)

    def user_ranks(
        self, contest_id: str, user_ids: Sequence[str], *, min_position: Position | None = None
    ) -> UserRanks | Rejection:
        """Return the ranks of several users."""
        request = pb.BatchGetUserRanksRequest(
            contest_id=contest_id,
            user_ids=user_ids,
            min_position=self._wanted(contest_id, min_position),
        )
        call = self._stub.BatchGetUserRanks.future(request, timeout=DEADLINE_S)
        return self._answer(call, contest_id, self._user_ranks)

    def score_rank(
        self,
        contest_id: str,
        score: int,
        *,
        around_score: int = 0,
        min_position: Position | None = None,
    ) -> ScoreRank | Rejection:
        """Return the rank that a user with a score would get."""
        request = pb.GetScoreRankRequest(
            contest_id=contest_id,
            score=score,
            around=around_score,
            min_position=self._wanted(contest_id, min_position),
        )
        call = self._stub.GetScoreRank.future(request, timeout=DEADLINE_S)
        return self._answer(call, contest_id, self._score_rank)

    def _answer(
        self, call: Any, contest_id: str, read: Callable[[str, Any], Answer]
    ) -> Answer | Rejection:
        try:
            return read(contest_id, call.result())
        except grpc.RpcError as error:
            return self._error(contest_id, error)

    def _wanted(self, contest_id: str, position: Position | None) -> pb.Position | None:
        return None if position is None else self._epochs.write(contest_id, position)

    def _outcome(self, contest_id: str, outcome: pb.BatchUpdateResult) -> Result | Rejection:
        if outcome.WhichOneof("outcome") == "response":
            return self._result(contest_id, outcome.response)
        status = status_pb2.Status.FromString(outcome.status.SerializeToString())
        return self._rejection(contest_id, status)

    def _result(self, contest_id: str, response: pb.UpdateScoreResponse) -> Result:
        assert response.HasField("position")
        return Result(
            user=_user(response.user),
            previous_score=response.previous_score,
            previous_rank=response.previous_rank,
            previous_place=response.previous_place,
            applied=response.applied,
            replayed=response.replayed,
            position=self._epochs.read(contest_id, response.position),
        )

    def _top(self, contest_id: str, response: pb.GetTopUsersResponse) -> Top:
        assert response.HasField("position")
        return Top(
            users=tuple(map(_user, response.users)),
            total_users=response.total_users,
            position=self._epochs.read(contest_id, response.position),
        )

    def _rank(self, contest_id: str, response: pb.GetUserRankResponse) -> Rank:
        assert response.HasField("position")
        return Rank(
            user=_user(response.user),
            neighbors=tuple(map(_user, response.neighbors)),
            around=tuple(map(_user, response.around)),
            total_users=response.total_users,
            percentile=round(response.percentile, 9),
            position=self._epochs.read(contest_id, response.position),
        )

    def _user_ranks(self, contest_id: str, response: pb.BatchGetUserRanksResponse) -> UserRanks:
        assert response.HasField("position")
        return UserRanks(
            users=tuple(map(_user, response.users)),
            missing_user_ids=tuple(response.missing_user_ids),
            total_users=response.total_users,
            position=self._epochs.read(contest_id, response.position),
        )

    def _score_rank(self, contest_id: str, response: pb.GetScoreRankResponse) -> ScoreRank:
        assert response.HasField("position")
        return ScoreRank(
            rank=response.rank,
            place=response.place,
            around=tuple(map(_user, response.around)),
            total_users=response.total_users,
            position=self._epochs.read(contest_id, response.position),
        )

    def _error(self, contest_id: str, error: grpc.RpcError) -> Rejection:
        assert isinstance(error, grpc.Call)
        status = rpc_status.from_call(error)
        if status is None:
            return Rejection(code=error.code().name, reason=f"no details: {error.details()}")
        return self._rejection(contest_id, status)

    def _rejection(self, contest_id: str, status: status_pb2.Status) -> Rejection:
        rejection = rejection_of(status)
        metadata = dict(rejection.metadata)
        if "epoch" in metadata:
            metadata["epoch"] = str(self._epochs.number(contest_id, metadata["epoch"]))
        return replace(rejection, metadata=metadata)


def _user(message: pb.RankedUser) -> RankedUser:
    return RankedUser(
        message.user_id,
        message.score,
        message.rank,
        message.display_name,
        message.place,
        tuple(sorted(message.attributes.items())),
    )


def _update(update: Update) -> pb.UpdateScoreRequest:
    request = pb.UpdateScoreRequest(
        contest_id=update.contest_id,
        user_id=update.user_id,
        points=update.points,
        mode=pb.UpdateMode.Name(update.mode.value),
        request_id=update.request_id,
        event_type=update.event_type,
        display_name=update.display_name,
        attributes=dict(update.attributes),
        clear_display_name=update.clear_display_name,
    )
    if update.event_time is not None:
        request.event_time.seconds, request.event_time.nanos = update.event_time
        request.event_time.SetInParent()
    return request
