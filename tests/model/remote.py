"""Calls a real server with the requests of the model, and returns its answers."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import grpc
from google.rpc import status_pb2

from harness.service import CHANNEL_OPTIONS
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1 import leaderboard_pb2_grpc
from model.epochs import Epochs
from model.messages import update_message, user_of
from model.records import (
    Position,
    Rank,
    Rejection,
    Result,
    ScoreRank,
    Top,
    Update,
    UserRanks,
)
from model.remote_contests import RemoteContests
from model.statuses import rejection_of, rejection_of_error

Answer = TypeVar("Answer", Result, Top, Rank, UserRanks, ScoreRank)

DEADLINE_S = 10.0
"""Generous: it only decides when a call to a broken service fails."""


class RemoteService:
    """One server, with the methods of the model `Service`."""

    def __init__(self, address: str, epochs: Epochs) -> None:
        self._channel = grpc.insecure_channel(address, options=CHANNEL_OPTIONS)
        self._stub = leaderboard_pb2_grpc.LeaderboardServiceStub(self._channel)
        self._epochs = epochs
        self.contests = RemoteContests(self._channel, epochs)

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
            update_message(update), timeout=DEADLINE_S, wait_for_ready=wait_for_ready
        )
        return partial(self._answer, call, update.contest_id, self._result)

    def batch(self, updates: Sequence[Update]) -> list[Result | Rejection]:
        """Apply updates that are sent together."""
        request = pb.BatchUpdateScoresRequest(
            updates=[update_message(update) for update in updates]
        )
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
        season: int = 0,
    ) -> Top | Rejection:
        """Return consecutive rows."""
        page = {"limit": limit, "start_rank": start_rank, "season": season}
        return self.begin_top(contest_id, **page, min_position=min_position)()

    def begin_top(
        self,
        contest_id: str,
        *,
        limit: int = 0,
        start_rank: int = 0,
        min_position: Position | None = None,
        season: int = 0,
    ) -> Callable[[], Top | Rejection]:
        """Request consecutive rows, and return a function that waits for the answer."""
        request = pb.GetTopUsersRequest(
            contest_id=contest_id,
            limit=limit,
            start_rank=start_rank,
            min_position=self._wanted(contest_id, min_position),
            season=season,
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
        season: int = 0,
    ) -> Rank | Rejection:
        """Return the rank of one user."""
        request = pb.GetUserRankRequest(
            contest_id=contest_id,
            user_id=user_id,
            neighbors=neighbors,
            around=around_user,
            min_position=self._wanted(contest_id, min_position),
            season=season,
        )
        call = self._stub.GetUserRank.future(request, timeout=DEADLINE_S)
        return self._answer(call, contest_id, self._rank)

    def user_ranks(
        self,
        contest_id: str,
        user_ids: Sequence[str],
        *,
        min_position: Position | None = None,
        season: int = 0,
    ) -> UserRanks | Rejection:
        """Return the ranks of several users."""
        request = pb.BatchGetUserRanksRequest(
            contest_id=contest_id,
            user_ids=user_ids,
            min_position=self._wanted(contest_id, min_position),
            season=season,
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
        season: int = 0,
    ) -> ScoreRank | Rejection:
        """Return the rank that a user with a score would get."""
        request = pb.GetScoreRankRequest(
            contest_id=contest_id,
            score=score,
            around=around_score,
            min_position=self._wanted(contest_id, min_position),
            season=season,
        )
        call = self._stub.GetScoreRank.future(request, timeout=DEADLINE_S)
        return self._answer(call, contest_id, self._score_rank)

    def _answer(
        self, call: Any, contest_id: str, read: Callable[[str, Any], Answer]
    ) -> Answer | Rejection:
        try:
            return read(contest_id, call.result())
        except grpc.RpcError as error:
            return self._with_numbered_epoch(contest_id, rejection_of_error(error))

    def _wanted(self, contest_id: str, position: Position | None) -> pb.Position | None:
        return None if position is None else self._epochs.write(contest_id, position)

    def _outcome(self, contest_id: str, outcome: pb.BatchUpdateResult) -> Result | Rejection:
        if outcome.WhichOneof("outcome") == "response":
            return self._result(contest_id, outcome.response)
        status = status_pb2.Status.FromString(outcome.status.SerializeToString())
        return self._with_numbered_epoch(contest_id, rejection_of(status))

    def _result(self, contest_id: str, response: pb.UpdateScoreResponse) -> Result:
        assert response.HasField("position")
        return Result(
            user=user_of(response.user),
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
            users=tuple(map(user_of, response.users)),
            total_users=response.total_users,
            position=self._epochs.read(contest_id, response.position),
        )

    def _rank(self, contest_id: str, response: pb.GetUserRankResponse) -> Rank:
        assert response.HasField("position")
        return Rank(
            user=user_of(response.user),
            neighbors=tuple(map(user_of, response.neighbors)),
            around=tuple(map(user_of, response.around)),
            total_users=response.total_users,
            percentile=round(response.percentile, 9),
            position=self._epochs.read(contest_id, response.position),
        )

    def _user_ranks(self, contest_id: str, response: pb.BatchGetUserRanksResponse) -> UserRanks:
        assert response.HasField("position")
        return UserRanks(
            users=tuple(map(user_of, response.users)),
            missing_user_ids=tuple(response.missing_user_ids),
            total_users=response.total_users,
            position=self._epochs.read(contest_id, response.position),
        )

    def _score_rank(self, contest_id: str, response: pb.GetScoreRankResponse) -> ScoreRank:
        assert response.HasField("position")
        return ScoreRank(
            rank=response.rank,
            place=response.place,
            around=tuple(map(user_of, response.around)),
            total_users=response.total_users,
            position=self._epochs.read(contest_id, response.position),
        )

    def _with_numbered_epoch(self, contest_id: str, rejection: Rejection) -> Rejection:
        metadata = dict(rejection.metadata)
        if "epoch" in metadata:
            metadata["epoch"] = str(self._epochs.number(contest_id, metadata["epoch"]))
        return replace(rejection, metadata=metadata)
