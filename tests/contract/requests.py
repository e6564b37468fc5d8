"""Valid requests, and requests with one invalid field."""

from typing import Any, cast

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from contract.values import Value
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb


def valid_request(rpc: str, contest_id: str) -> Message:
    """Return a request with its required fields."""
    update = pb.UpdateScoreRequest(contest_id=contest_id, user_id="ada", points=5)
    contest = contests.Contest(contest_id=contest_id)
    requests: dict[str, Message] = {
        "UpdateScore": update,
        "BatchUpdateScores": pb.BatchUpdateScoresRequest(updates=[update]),
        "GetTopUsers": pb.GetTopUsersRequest(contest_id=contest_id),
        "GetUserRank": pb.GetUserRankRequest(contest_id=contest_id, user_id="ada"),
        "BatchGetUserRanks": pb.BatchGetUserRanksRequest(contest_id=contest_id, user_ids=["ada"]),
        "GetScoreRank": pb.GetScoreRankRequest(contest_id=contest_id),
        "WatchContest": pb.WatchContestRequest(contest_id=contest_id),
        "CreateContest": contests.CreateContestRequest(contest=contest),
        "GetContest": contests.GetContestRequest(contest_id=contest_id),
        "ListContests": contests.ListContestsRequest(id_prefix=contest_id),
        "UpdateContest": contests.UpdateContestRequest(
            contest=contest, update_mask=FieldMask(paths=["display_name"])
        ),
        "ResetContest": contests.ResetContestRequest(contest_id=contest_id, season=1),
        "ListSeasons": contests.ListSeasonsRequest(contest_id=contest_id),
        "DeleteContest": contests.DeleteContestRequest(contest_id=contest_id),
        "RemoveUsers": contests.RemoveUsersRequest(contest_id=contest_id, user_ids=["ada"]),
        "HideUsers": contests.HideUsersRequest(contest_id=contest_id, user_ids=["ada"]),
        "UnhideUsers": contests.UnhideUsersRequest(contest_id=contest_id, user_ids=["ada"]),
        "ListHiddenUsers": contests.ListHiddenUsersRequest(contest_id=contest_id),
        "EraseUser": contests.EraseUserRequest(user_id="ada"),
    }
    return requests[rpc]


def request_with(rpc: str, contest_id: str, path: str, value: Value) -> Message:
    """Return a valid request with another value in one field."""
    request: Any = valid_request(rpc, contest_id)
    *parents, name = path.split(".")
    request_part = request
    for parent in parents:
        request_part = getattr(request_part, parent)
        if isinstance(request_part, pb.Position):
            request_part.CopyFrom(pb.Position(epoch="5d2f", revision=1))
        if isinstance(request_part, contests.ResetSchedule):
            request_part.CopyFrom(contests.ResetSchedule(cron="0 0 * * MON"))
    if isinstance(value, Message):
        getattr(request_part, name).CopyFrom(value)
    else:
        setattr(request_part, name, value)
    return cast("Message", request)
