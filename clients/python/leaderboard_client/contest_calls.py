"""Calls of `ContestService`: the request of each, and how its response is decoded."""

from functools import partial
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from leaderboard.v1 import contests_pb2 as pb
from leaderboard_client.calls import Call
from leaderboard_client.contest import Contest, ContestRules, RuleChanges, rules_message
from leaderboard_client.encoding import encoding
from leaderboard_client.pages import Page


def create_contest(contest_id: str, display_name: str, rules: ContestRules | None) -> Call[Contest]:
    """Return the call that creates a contest; raise ValueError if it can't be encoded.

    It may be repeated, because a contest that exists with the same settings is returned.
    """
    with encoding():
        contest = pb.Contest(
            contest_id=contest_id,
            display_name=display_name,
            rules=None if rules is None else rules.message(),
        )
    return Call("CreateContest", pb.CreateContestRequest(contest=contest), _contest)


def get_contest(contest_id: str) -> Call[Contest]:
    """Return the call that reads a contest; raise ValueError if it can't be encoded."""
    with encoding():
        request = pb.GetContestRequest(contest_id=contest_id)
    return Call("GetContest", request, _contest)


def list_contests(id_prefix: str, page_size: int, page_token: str = "") -> Call[Page[Contest]]:
    """Return the call that reads a page of contests; raise ValueError if it can't be encoded."""
    with encoding():
        request = pb.ListContestsRequest(
            page_size=page_size, page_token=page_token, id_prefix=id_prefix
        )
    return Call("ListContests", request, partial(_page, id_prefix, page_size))


def update_contest(
    contest_id: str, display_name: str | None, rules: RuleChanges | None
) -> Call[Contest]:
    """Return the call that changes a contest; raise ValueError if it can't be encoded.

    It may be repeated, because settings that are set again are the same.
    """
    changes = rules or {}
    named = [] if display_name is None else ["display_name"]
    with encoding():
        request = pb.UpdateContestRequest(
            contest=pb.Contest(
                contest_id=contest_id,
                display_name=display_name,
                rules=rules_message(changes) if changes else None,
            ),
            update_mask=FieldMask(paths=named + [f"rules.{name}" for name in changes]),
        )
    return Call("UpdateContest", request, _contest)


def _contest(response: Any) -> Contest:
    return Contest.decode(response.contest)


def _page(id_prefix: str, page_size: int, response: pb.ListContestsResponse) -> Page[Contest]:
    token = response.next_page_token
    return Page(
        tuple(map(Contest.decode, response.contests)),
        list_contests(id_prefix, page_size, token) if token else None,
    )
