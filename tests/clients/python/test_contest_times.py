"""Both clients: times and states of contests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from clients.python.any_client import AnyClient, call, listed
from clients.python.scripted_contests import ScriptedContests
from leaderboard.v1 import contests_pb2 as messages
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import KEEP, ContestState

START = datetime(2026, 12, 1, 18, 0, 0, 250_000, timezone(timedelta(hours=1)))
STARTS_AT = Timestamp(seconds=1_796_144_400, nanos=250_000_000)


async def test_a_contest_has_times_and_a_state(
    scripted: ScriptedContests, scripted_client: AnyClient
) -> None:
    """Times of any zone are sent, and come back in UTC, with the state."""
    answer = messages.Contest(
        contest_id="cup",
        starts_at=STARTS_AT,
        ends_at=Timestamp(seconds=1_800_000_000),
        expire_after=Duration(seconds=3600, nanos=500_000_000),
        state=messages.CONTEST_STATE_SCHEDULED,
    )
    scripted.answers.append(messages.CreateContestResponse(contest=answer))

    created = await call(
        scripted_client,
        "create_contest",
        "cup",
        starts_at=START,
        ends_at=datetime.fromtimestamp(1_800_000_000, UTC),
        expire_after=timedelta(seconds=3600.5),
    )

    sent = messages.Contest()
    sent.CopyFrom(answer)
    sent.ClearField("state")
    assert scripted.asked == [messages.CreateContestRequest(contest=sent)]
    assert (created.starts_at, created.starts_at.tzinfo) == (START, UTC)
    assert created.ends_at == datetime.fromtimestamp(1_800_000_000, UTC)
    assert created.expire_after == timedelta(hours=1, milliseconds=500)
    assert created.state is ContestState.SCHEDULED


async def test_a_state_of_a_later_version_is_unknown(
    scripted: ScriptedContests, scripted_client: AnyClient
) -> None:
    """A state that this version does not know can be read; times that are not set are None."""
    later = messages.Contest(contest_id="cup", state=70)  # type: ignore[arg-type]
    scripted.answers.append(messages.GetContestResponse(contest=later))

    contest = await call(scripted_client, "get_contest", "cup")

    assert contest.state is ContestState.UNKNOWN
    assert (contest.starts_at, contest.ends_at, contest.expire_after) == (None, None, None)


@pytest.mark.parametrize(
    ("changes", "paths", "due"),
    [
        ({"starts_at": KEEP, "ends_at": KEEP, "expire_after": KEEP}, [], {}),
        ({"starts_at": START}, ["starts_at"], {"starts_at": STARTS_AT}),
        ({"ends_at": None, "expire_after": None}, ["ends_at", "expire_after"], {}),
        (
            {"expire_after": timedelta(days=2), "rules": {"max_points": None}},
            ["rules.max_points", "expire_after"],
            {"expire_after": Duration(seconds=172_800), "rules": pb.ContestRules()},
        ),
    ],
    ids=["nothing", "a start", "defaults", "with a rule"],
)
async def test_times_that_are_given_are_changed(
    scripted: ScriptedContests,
    scripted_client: AnyClient,
    changes: dict[str, Any],
    paths: list[str],
    due: dict[str, Any],
) -> None:
    """An update names the times that are given; None resets a time."""
    scripted.answers.append(messages.UpdateContestResponse())

    await call(scripted_client, "update_contest", "cup", **changes)

    [sent] = scripted.asked
    assert isinstance(sent, messages.UpdateContestRequest)
    assert list(sent.update_mask.paths) == paths
    assert sent.contest == messages.Contest(contest_id="cup", **due)


async def test_contests_are_listed_by_state(
    scripted: ScriptedContests, scripted_client: AnyClient
) -> None:
    """The state of a list is that of all its pages."""
    scripted.answers += [
        messages.ListContestsResponse(next_page_token="t"),
        messages.ListContestsResponse(contests=[messages.Contest(contest_id="cup")]),
    ]

    [contest] = await listed(
        scripted_client, "list_contests", state=ContestState.CLOSED, page_size=5
    )

    assert contest.contest_id == "cup"
    closed = messages.CONTEST_STATE_CLOSED
    assert scripted.asked == [
        messages.ListContestsRequest(state=closed, page_size=5),
        messages.ListContestsRequest(state=closed, page_size=5, page_token="t"),
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda client: call(client, "create_contest", "cup", ends_at=START.replace(tzinfo=None)),
        lambda client: call(client, "create_contest", "cup", starts_at="now"),
        lambda client: call(client, "create_contest", "cup", expire_after=5),
        lambda client: call(client, "update_contest", "cup", starts_at=START.replace(tzinfo=None)),
        lambda client: call(client, "update_contest", "cup", expire_after="5 s"),
        lambda client: listed(client, "list_contests", state=ContestState.UNKNOWN),
    ],
)
async def test_arguments_that_can_not_be_encoded_are_refused(
    scripted: ScriptedContests, scripted_client: AnyClient, make: Callable[[AnyClient], Any]
) -> None:
    """An argument that the contract can't hold is a ValueError, before anything is sent."""
    with pytest.raises(ValueError, match=r"."):
        await make(scripted_client)

    assert not scripted.asked
