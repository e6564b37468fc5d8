"""Checks every field of the requests of reads: the only place that does.

Each check raises `InvalidRequest`, with a violation for each invalid field.
"""

from collections.abc import Sequence
from typing import TypeAlias

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain import fields
from leaderboard_server.domain.board import RankQuery, ScoreQuery, TopQuery, UsersQuery
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.rules import MAX_SCORE
from leaderboard_server.transport.violations import (
    position_problems,
    reject,
    user_ids_problems,
)

MAX_LIMIT = 1_000
DEFAULT_LIMIT = 10
MAX_NEIGHBORS = 100
MAX_AROUND = 2 * MAX_NEIGHBORS + 1
MAX_INT32 = 2**31 - 1

_Read: TypeAlias = (
    pb.GetTopUsersRequest
    | pb.GetUserRankRequest
    | pb.BatchGetUserRanksRequest
    | pb.GetScoreRankRequest
)


def top_query(request: pb.GetTopUsersRequest) -> TopQuery:
    """Check the request of `GetTopUsers`."""
    contest_id, limit, start_rank = request.contest_id, request.limit, request.start_rank
    season = request.season
    problems = (
        fields.matches(fields.CONTEST_ID, contest_id),
        fields.within(limit, 0, MAX_LIMIT),
        fields.within(start_rank, 0, MAX_INT32),
        _season_problem(season) if season else None,
    )
    names = ("contest_id", "limit", "start_rank", "season")
    min_position = _min_position(request, names, problems)
    return TopQuery(contest_id, start_rank or 1, limit or DEFAULT_LIMIT, min_position, season)


def rank_query(request: pb.GetUserRankRequest) -> RankQuery:
    """Check the request of `GetUserRank`."""
    contest_id, user_id = request.contest_id, request.user_id
    neighbors, around, season = request.neighbors, request.around, request.season
    problems = (
        fields.matches(fields.CONTEST_ID, contest_id),
        fields.matches(fields.USER_ID, user_id),
        fields.within(neighbors, 0, MAX_NEIGHBORS) if neighbors else None,
        fields.within(around, 0, MAX_AROUND) if around else None,
        _season_problem(season) if season else None,
    )
    names = ("contest_id", "user_id", "neighbors", "around", "season")
    min_position = _min_position(request, names, problems)
    return RankQuery(contest_id, user_id, neighbors, around, min_position, season)


def users_query(request: pb.BatchGetUserRanksRequest) -> UsersQuery:
    """Check the request of `BatchGetUserRanks`."""
    contest_id, user_ids = request.contest_id, request.user_ids
    names, problems = zip(
        ("contest_id", fields.matches(fields.CONTEST_ID, contest_id)),
        *user_ids_problems(user_ids),
        ("season", _season_problem(request.season)),
        strict=True,
    )
    min_position = _min_position(request, names, problems)
    return UsersQuery(contest_id, tuple(user_ids), min_position, request.season)


def score_query(request: pb.GetScoreRankRequest) -> ScoreQuery:
    """Check the request of `GetScoreRank`."""
    contest_id, score, around = request.contest_id, request.score, request.around
    problems = (
        fields.matches(fields.CONTEST_ID, contest_id),
        fields.within(score, -MAX_SCORE, MAX_SCORE),
        fields.within(around, 0, MAX_AROUND),
        _season_problem(request.season),
    )
    names = ("contest_id", "score", "around", "season")
    min_position = _min_position(request, names, problems)
    return ScoreQuery(contest_id, score, around, min_position, request.season)


def _season_problem(season: int) -> str | None:
    return fields.within(season, -1, MAX_INT32)


def _min_position(request: _Read, names: Sequence[str], problems: Sequence[str | None]) -> Position:
    """Return the checked minimal position of a read; problems of other fields are raised too."""
    wanted = request.HasField("min_position")
    if wanted or any(problems):
        position = position_problems("min_position", request.min_position)
        reject((*zip(names, problems, strict=True), *position))
    if not wanted:
        return BEGINNING
    return Position(request.min_position.epoch, request.min_position.revision)
