"""The table of endpoints: each is one read of the contract, with the parameters of its query."""

from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_web.api import examples
from leaderboard_web.api.endpoint import Endpoint, Link
from leaderboard_web.api.kinds import POSITION, STATE, USER_ID, number, text
from leaderboard_web.api.parameters import Parameter

MAX_LIMIT = 1_000
MAX_AROUND = 201
MAX_INT32 = 2**31 - 1
MAX_SCORE = 2**53

_SEASON = Parameter(
    "season",
    number(32, -1, MAX_INT32),
    "The season to read: its number, or -1 for the one before the current one. Seasons that are "
    "over are kept for a while. 0, the default, is the current season.",
    example=1,
)
_MIN_POSITION = Parameter(
    "min_position",
    POSITION,
    "The position that the answer has to have reached, as `EPOCH:REVISION`: that of a write or of "
    "an earlier answer, so that this one is not older. A position of another season or history, "
    "and one that the contest has not reached, is a conflict (409).",
    example=":0",
)
_SAME = "$request.path.contest"
_NEXT_PAGE = "$response.body#/nextPageToken"
_FIRST_CONTEST = "$response.body#/contests/0/contestId"
_FIRST_SEASON = "$response.body#/seasons/0/number"
_FIRST_USER = "$response.body#/users/0/userId"

_AROUND = number(32, 0, MAX_AROUND)
_PAGE_SIZE = number(32, 0, 1_000)


CONTESTS = Endpoint(
    "/v1/contests",
    "ListContests",
    contests_pb2.ListContestsRequest,
    contests_pb2.ListContestsResponse,
    (
        Parameter(
            "page_size",
            _PAGE_SIZE,
            "The most contests to return. 0, the default, is 100. A page may have fewer, also "
            "before the last one.",
        ),
        Parameter(
            "page_token",
            text(),
            "The `nextPageToken` of the page before, with the same `id_prefix`. By default the "
            "first page.",
        ),
        Parameter(
            "id_prefix",
            text(maxLength=128, pattern="^([A-Za-z0-9_][A-Za-z0-9._:-]{0,127})?$"),
            "The beginning of the ids to return. By default all.",
            example="ch",
        ),
        Parameter(
            "state",
            STATE,
            "The state of the contests to return. By default all. A page may have few of them.",
        ),
    ),
    "List contests",
    "Returns a page of contests, in the order of the bytes of their ids.",
    contests_pb2.ListContestsResponse(contests=[examples.CHESS]),
    (),
    (
        Link("ListContests", "The next page.", {"page_token": _NEXT_PAGE}),
        Link("GetContest", "A contest.", {"contest": _FIRST_CONTEST}),
        Link("GetTopUsers", "The board of a contest.", {"contest": _FIRST_CONTEST}),
        Link("ListSeasons", "The seasons of a contest.", {"contest": _FIRST_CONTEST}),
    ),
    has_position=False,
)
GET_CONTEST = Endpoint(
    "/v1/contests/{contest}",
    "GetContest",
    contests_pb2.GetContestRequest,
    contests_pb2.Contest,
    (),
    "Get a contest",
    "Returns the settings and the state of a contest.",
    examples.CHESS,
    ("CONTEST_NOT_FOUND",),
    has_position=False,
    body=lambda response: response.contest,
)
TOP = Endpoint(
    "/v1/contests/{contest}/top",
    "GetTopUsers",
    pb.GetTopUsersRequest,
    pb.GetTopUsersResponse,
    (
        Parameter(
            "limit",
            number(32, 0, MAX_LIMIT),
            "The most rows to return. 0, the default, is 10.",
            example=2,
        ),
        Parameter(
            "start_rank",
            number(32, 0, MAX_INT32),
            "The place of the first row to return, from 1. 0, the default, is 1. Beyond the last "
            "row there are no users.",
            example=1,
        ),
        _SEASON,
        _MIN_POSITION,
    ),
    "Get consecutive rows of a board",
    "Returns rows in the order of the board, the best first. A contest that does not exist is an "
    "empty board without an epoch in its position.",
    pb.GetTopUsersResponse(users=examples.ROWS, total_users=2, position=examples.POSITION),
    ("SEASON_NOT_FOUND", "POSITION_UNREACHABLE"),
    (
        Link("GetUserRank", "The rank of a user.", {"contest": _SAME, "user_id": _FIRST_USER}),
        Link("BatchGetUserRanks", "Several users.", {"contest": _SAME, "id": _FIRST_USER}),
    ),
)
USERS = Endpoint(
    "/v1/contests/{contest}/users",
    "BatchGetUserRanks",
    pb.BatchGetUserRanksRequest,
    pb.BatchGetUserRanksResponse,
    (
        Parameter(
            "id",
            USER_ID,
            "A user, up to 1,000 of them and each once: `id=ada&id=bo`. The path with its query "
            "has room for 16 KiB.",
            example=["ada", "bo"],
            field="user_ids",
            required=True,
            repeated=True,
        ),
        _SEASON,
        _MIN_POSITION,
    ),
    "Get the ranks of several users",
    "Returns the users that have a score, the best first, and names those that have none or are "
    "hidden. All are of one state of the board.",
    pb.BatchGetUserRanksResponse(users=examples.ROWS, total_users=2, position=examples.POSITION),
    ("SEASON_NOT_FOUND", "POSITION_UNREACHABLE"),
)
RANK = Endpoint(
    "/v1/contests/{contest}/rank",
    "GetUserRank",
    pb.GetUserRankRequest,
    pb.GetUserRankResponse,
    (
        Parameter("user_id", USER_ID, "The user.", example="ada", required=True),
        Parameter(
            "around",
            _AROUND,
            "How many consecutive rows around the user to return, the user included. 0, the "
            "default, is none.",
            example=2,
        ),
        _SEASON,
        _MIN_POSITION,
    ),
    "Get the rank of a user",
    "Returns the row of a user, and the rows around it if they are asked for. A user without a "
    "score is not found, and so is one that is hidden.",
    pb.GetUserRankResponse(
        user=examples.ROWS[0],
        total_users=2,
        percentile=100,
        position=examples.POSITION,
        around=examples.ROWS,
    ),
    ("USER_NOT_FOUND", "SEASON_NOT_FOUND", "POSITION_UNREACHABLE"),
)
SCORES = Endpoint(
    "/v1/contests/{contest}/scores",
    "GetScoreRank",
    pb.GetScoreRankRequest,
    pb.GetScoreRankResponse,
    (
        Parameter(
            "score", number(64, -MAX_SCORE, MAX_SCORE), "The score.", example=100, required=True
        ),
        Parameter(
            "around",
            _AROUND,
            "How many consecutive rows around the score to return. 0, the default, is none.",
            example=2,
        ),
        _SEASON,
        _MIN_POSITION,
    ),
    "Get the rank of a score",
    "Returns the rank and the place that a new user with this score would have, and the rows "
    "around it if they are asked for. A contest that does not exist is an empty board.",
    pb.GetScoreRankResponse(
        rank=2, place=2, around=examples.ROWS, total_users=2, position=examples.POSITION
    ),
    ("SEASON_NOT_FOUND", "POSITION_UNREACHABLE"),
)
SEASONS = Endpoint(
    "/v1/contests/{contest}/seasons",
    "ListSeasons",
    contests_pb2.ListSeasonsRequest,
    contests_pb2.ListSeasonsResponse,
    (
        Parameter("page_size", _PAGE_SIZE, "The most seasons to return. 0, the default, is 100."),
        Parameter(
            "page_token",
            text(),
            "The `nextPageToken` of the page before. By default the first page.",
        ),
    ),
    "List the seasons of a contest",
    "Returns a page of the seasons that are kept, the current one first.",
    contests_pb2.ListSeasonsResponse(
        seasons=[contests_pb2.Season(number=1, total_users=2, position=examples.POSITION)]
    ),
    ("CONTEST_NOT_FOUND",),
    (
        Link("ListSeasons", "The next page.", {"contest": _SAME, "page_token": _NEXT_PAGE}),
        Link("GetTopUsers", "Its board.", {"contest": _SAME, "season": _FIRST_SEASON}),
    ),
    has_position=False,
)

ENDPOINTS = (CONTESTS, GET_CONTEST, TOP, USERS, RANK, SCORES, SEASONS)
