"""The calls of the contract that wait for one answer: what is sent, and what the answer means."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.encoding import sendable
from leaderboard_client.errors import LeaderboardError, error_of
from leaderboard_client.results import TopUsers, UpdateResult, UserRank
from leaderboard_client.rpc_status import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from google.protobuf.message import Message

    from leaderboard_client.results import Position
    from leaderboard_client.score_update import ScoreUpdate

Outcome: TypeAlias = UpdateResult | LeaderboardError
"""What became of one update of a batch: an error is a value here, for it is that of one update."""

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Call(Generic[ResultT]):
    """One call; it may be sent any number of times, for its writes have request ids."""

    method: str
    """The name of the call in the contract."""

    request: Message
    """What is sent."""

    read: Callable[[Any], ResultT]
    """Makes a result of the answer."""


def update_score(update: ScoreUpdate) -> Call[UpdateResult]:
    """Return the call that changes one score; raise ValueError if it can't be sent at all."""
    return Call("UpdateScore", update.message(), UpdateResult.read)


def batch_update_scores(updates: Iterable[ScoreUpdate]) -> Call[list[Outcome]]:
    """Return the call that changes many scores; raise ValueError if it can't be sent at all."""
    request = pb.BatchUpdateScoresRequest(updates=[update.message() for update in updates])
    return Call("BatchUpdateScores", request, partial(_outcomes, len(request.updates)))


def get_top_users(
    contest_id: str, *, limit: int, start_rank: int, min_position: Position | None
) -> Call[TopUsers]:
    """Return the call that reads ranks; raise ValueError if it can't be sent at all."""
    with sendable():
        request = pb.GetTopUsersRequest(
            contest_id=contest_id,
            limit=limit,
            start_rank=start_rank,
            min_position=_position(min_position),
        )
    return Call("GetTopUsers", request, TopUsers.read)


def get_user_rank(
    contest_id: str, user_id: str, *, neighbors: int, min_position: Position | None
) -> Call[UserRank]:
    """Return the call that reads a user's rank; raise ValueError if it can't be sent at all."""
    with sendable():
        request = pb.GetUserRankRequest(
            contest_id=contest_id,
            user_id=user_id,
            neighbors=neighbors,
            min_position=_position(min_position),
        )
    return Call("GetUserRank", request, UserRank.read)


def complete(updates: int, answer: pb.BatchUpdateScoresResponse) -> pb.BatchUpdateScoresResponse:
    """Return the answer to a batch; raise LeaderboardError if it has not a result for each."""
    if len(answer.results) != updates:
        told = f"the answer has {len(answer.results)} results for {updates} updates"
        raise LeaderboardError(told, code="INTERNAL")
    return answer


def _outcomes(updates: int, answer: pb.BatchUpdateScoresResponse) -> list[Outcome]:
    return [
        UpdateResult.read(result.response)
        if result.HasField("response")
        else error_of(Refusal.of_update(result.status))
        for result in complete(updates, answer).results
    ]


def _position(position: Position | None) -> pb.Position | None:
    if position is None:
        return None
    return pb.Position(epoch=position.epoch, revision=position.revision)
