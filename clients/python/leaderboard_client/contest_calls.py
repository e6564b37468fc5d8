"""Calls of `ContestService` for contests: their requests, and how responses are decoded."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask

from leaderboard.v1 import contests_pb2 as pb
from leaderboard_client.calls import Call
from leaderboard_client.contest import (
    KEEP,
    Contest,
    ContestRules,
    DurationChange,
    NumberChange,
    RuleChanges,
    ScheduleChange,
    TimeChange,
    rules_message,
)
from leaderboard_client.encoding import duration, encoding, timestamp
from leaderboard_client.enums import ContestState
from leaderboard_client.pages import Page
from leaderboard_client.seasons import ResetSchedule, Season


def create_contest(
    contest_id: str,
    display_name: str,
    rules: ContestRules | None,
    starts_at: datetime | None,
    ends_at: datetime | None,
    expire_after: timedelta | None,
    reset_schedule: ResetSchedule | None,
    keep_seasons: int | None,
) -> Call[Contest]:
    """Return the call that creates a contest; raise ValueError if it can't be encoded.

    It may be repeated, because a contest that exists with the same settings is returned.
    """
    with encoding():
        contest = pb.Contest(
            contest_id=contest_id,
            display_name=display_name,
            rules=None if rules is None else rules.message(),
            **_times(starts_at, ends_at, expire_after),
            reset_schedule=_schedule(reset_schedule),
            keep_seasons=keep_seasons,
        )
    return Call("CreateContest", pb.CreateContestRequest(contest=contest), _contest)


def get_contest(contest_id: str) -> Call[Contest]:
    """Return the call that reads a contest; raise ValueError if it can't be encoded."""
    with encoding():
        request = pb.GetContestRequest(contest_id=contest_id)
    return Call("GetContest", request, _contest)


def list_contests(
    id_prefix: str, state: ContestState | None, page_size: int, page_token: str = ""
) -> Call[Page[Contest]]:
    """Return the call that reads a page of contests; raise ValueError if it can't be encoded."""
    with encoding():
        request = pb.ListContestsRequest(
            page_size=page_size,
            page_token=page_token,
            id_prefix=id_prefix,
            state=_state(state),
        )
    return Call("ListContests", request, partial(_page, id_prefix, state, page_size))


def update_contest(
    contest_id: str,
    display_name: str | None,
    rules: RuleChanges | None,
    starts_at: TimeChange,
    ends_at: TimeChange,
    expire_after: DurationChange,
    reset_schedule: ScheduleChange,
    keep_seasons: NumberChange,
) -> Call[Contest]:
    """Return the call that changes a contest; raise ValueError if it can't be encoded.

    It may be repeated, because settings that are set again are the same.
    """
    changes = rules or {}
    paths = [] if display_name is None else ["display_name"]
    paths += [f"rules.{name}" for name in changes]
    others = {
        "starts_at": starts_at,
        "ends_at": ends_at,
        "expire_after": expire_after,
        "reset_schedule": reset_schedule,
        "keep_seasons": keep_seasons,
    }
    paths += [name for name, value in others.items() if value is not KEEP]
    with encoding():
        request = pb.UpdateContestRequest(
            contest=pb.Contest(
                contest_id=contest_id,
                display_name=display_name,
                rules=rules_message(changes) if changes else None,
                **_times(
                    None if starts_at is KEEP else starts_at,
                    None if ends_at is KEEP else ends_at,
                    None if expire_after is KEEP else expire_after,
                ),
                reset_schedule=None if reset_schedule is KEEP else _schedule(reset_schedule),
                keep_seasons=None if keep_seasons is KEEP else keep_seasons,
            ),
            update_mask=FieldMask(paths=paths),
        )
    return Call("UpdateContest", request, _contest)


def delete_contest(contest_id: str, epoch: str) -> Call[None]:
    """Return the call that deletes a contest; raise ValueError if it can't be encoded.

    It may be repeated, because a contest that is gone is no error.
    """
    with encoding():
        request = pb.DeleteContestRequest(contest_id=contest_id, epoch=epoch)
    return Call("DeleteContest", request, lambda _response: None)


def reset_contest(contest_id: str, season: int) -> Call[Contest]:
    """Return the call that ends a season; raise ValueError if it can't be encoded.

    It may be repeated, because it names the season, and one that is over is no error.
    """
    with encoding():
        request = pb.ResetContestRequest(contest_id=contest_id, season=season)
    return Call("ResetContest", request, _contest)


def list_seasons(contest_id: str, page_size: int, page_token: str = "") -> Call[Page[Season]]:
    """Return the call that reads a page of seasons; raise ValueError if it can't be encoded."""
    with encoding():
        request = pb.ListSeasonsRequest(
            contest_id=contest_id, page_size=page_size, page_token=page_token
        )
    return Call("ListSeasons", request, partial(_season_page, contest_id, page_size))


def _times(
    starts_at: datetime | None, ends_at: datetime | None, expire_after: timedelta | None
) -> Mapping[str, Any]:
    return {
        "starts_at": timestamp("starts_at", starts_at),
        "ends_at": timestamp("ends_at", ends_at),
        "expire_after": duration(expire_after),
    }


def _schedule(schedule: ResetSchedule | None) -> pb.ResetSchedule | None:
    return None if schedule is None else schedule.message()


def _state(state: ContestState | None) -> str | None:
    """Return the name of a state; raise ValueError for the unknown one, which would be all."""
    if state is None:
        return None
    if not state:
        raise ValueError(f"there are no contests of the state {state!r}")
    return pb.ContestState.Name(state)


def _contest(response: Any) -> Contest:
    return Contest.decode(response.contest)


def _page(
    id_prefix: str,
    state: ContestState | None,
    page_size: int,
    response: pb.ListContestsResponse,
) -> Page[Contest]:
    token = response.next_page_token
    return Page(
        tuple(map(Contest.decode, response.contests)),
        list_contests(id_prefix, state, page_size, token) if token else None,
    )


def _season_page(contest_id: str, page_size: int, response: pb.ListSeasonsResponse) -> Page[Season]:
    token = response.next_page_token
    return Page(
        tuple(map(Season.decode, response.seasons)),
        list_seasons(contest_id, page_size, token) if token else None,
    )
