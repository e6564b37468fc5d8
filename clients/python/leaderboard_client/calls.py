"""Unary calls of `LeaderboardService`: the request of each, and how its response is decoded."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from google.protobuf.message import Message

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.encoding import encoding, user_list
from leaderboard_client.errors import LeaderboardError
from leaderboard_client.results import (
    Position,
    ScoreRank,
    TopUsers,
    UpdateResult,
    UserRank,
    UserRanks,
)
from leaderboard_client.rpc_status import error_from_update
from leaderboard_client.score_update import ScoreUpdate

Outcome: TypeAlias = UpdateResult | LeaderboardError
"""The result of one update of a batch. An error is returned, not raised: it is of that update."""

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Call(Generic[ResultT]):
    """One call. It may be sent any number of times: a repeat changes nothing more."""

    method: str
    """The name of the method in the contract."""

    request: Message
    """The request."""

    decode: Callable[[Any], ResultT]
    """Decodes the response."""


def update_score(update: ScoreUpdate) -> Call[UpdateResult]:
    """Return the call that changes one score; raise ValueError if it can't be encoded."""
    return Call("UpdateScore", update.message(), UpdateResult.decode)


def batch_update_scores(updates: Iterable[ScoreUpdate]) -> Call[list[Outcome]]:
    """Return the call that changes many scores; raise ValueError if it can't be encoded."""
    request = pb.BatchUpdateScoresRequest(updates=[update.message() for update in updates])
    return Call("BatchUpdateScores", request, partial(_outcomes, len(request.updates)))


def get_top_users(
    contest_id: str, limit: int, start_rank: int, min_position: Position | None, season: int
) -> Call[TopUsers]:
    """Return the call that reads rows; raise ValueError if it can't be encoded."""
    with encoding():
        request = pb.GetTopUsersRequest(
            contest_id=contest_id,
            limit=limit,
            start_rank=start_rank,
            min_position=_position(min_position),
            season=season,
        )
    return Call("GetTopUsers", request, TopUsers.decode)


def get_user_rank(
    contest_id: str,
    user_id: str,
    neighbors: int,
    around: int,
    min_position: Position | None,
    season: int,
) -> Call[UserRank]:
    """Return the call that reads a user's rank; raise ValueError if it can't be encoded."""
    with encoding():
        request = pb.GetUserRankRequest(
            contest_id=contest_id,
            user_id=user_id,
            neighbors=neighbors,
            around=around,
            min_position=_position(min_position),
            season=season,
        )
    return Call("GetUserRank", request, UserRank.decode)


def batch_get_user_ranks(
    contest_id: str, user_ids: Iterable[str], min_position: Position | None, season: int
) -> Call[UserRanks]:
    """Return the call that reads the ranks of users; raise ValueError if it can't be encoded."""
    with encoding():
        request = pb.BatchGetUserRanksRequest(
            contest_id=contest_id,
            user_ids=user_list(user_ids),
            min_position=_position(min_position),
            season=season,
        )
    return Call("BatchGetUserRanks", request, UserRanks.decode)


def get_score_rank(
    contest_id: str, score: int, around: int, min_position: Position | None, season: int
) -> Call[ScoreRank]:
    """Return the call that reads the rank of a score; raise ValueError if it can't be encoded."""
    with encoding():
        request = pb.GetScoreRankRequest(
            contest_id=contest_id,
            score=score,
            around=around,
            min_position=_position(min_position),
            season=season,
        )
    return Call("GetScoreRank", request, ScoreRank.decode)


def check_batch_size(
    updates: int, response: pb.BatchUpdateScoresResponse
) -> pb.BatchUpdateScoresResponse:
    """Return the response to a batch; raise LeaderboardError unless it has one result for each."""
    if len(response.results) != updates:
        problem = f"the answer has {len(response.results)} results for {updates} updates"
        raise LeaderboardError(problem, code="INTERNAL")
    return response


def _outcomes(updates: int, response: pb.BatchUpdateScoresResponse) -> list[Outcome]:
    return [
        UpdateResult.decode(result.response)
        if result.HasField("response")
        else error_from_update(result.status)
        for result in check_batch_size(updates, response).results
    ]


def _position(position: Position | None) -> pb.Position | None:
    if position is None:
        return None
    return pb.Position(epoch=position.epoch, revision=position.revision)
