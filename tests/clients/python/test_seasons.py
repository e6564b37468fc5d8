"""Both clients: seasons of contests, on writes, reads and watches."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import code_pb2

from cli.fake_service import FakeService
from cli.refusals import refusal
from clients.python.any_client import AnyClient, call, listed, watched
from clients.python.scripted_contests import ScriptedContests
from leaderboard.v1 import contests_pb2 as messages
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import (
    KEEP,
    FailedPrecondition,
    LeaderboardError,
    NotFound,
    Position,
    ResetSchedule,
    ScoreUpdate,
    Season,
    SnapshotReason,
)

WEEKLY = ResetSchedule("0 0 * * MON", "Europe/Berlin")
WEEKLY_MESSAGE = messages.ResetSchedule(cron="0 0 * * MON", time_zone="Europe/Berlin")
MONDAY = datetime(2026, 11, 29, 23, 0, tzinfo=UTC)
MONDAY_MESSAGE = Timestamp(seconds=int(MONDAY.timestamp()))


async def test_a_contest_has_a_schedule_and_a_season(
    scripted: ScriptedContests, scripted_client: AnyClient
) -> None:
    """The schedule and the kept seasons are sent, and come back with the season and its end."""
    settings: dict[str, Any] = {
        "contest_id": "cup",
        "reset_schedule": WEEKLY_MESSAGE,
        "keep_seasons": 0,
    }
    answer = messages.Contest(**settings, season=4, next_reset_at=MONDAY_MESSAGE)
    scripted.answers.append(messages.CreateContestResponse(contest=answer))

    created = await call(
        scripted_client, "create_contest", "cup", reset_schedule=WEEKLY, keep_seasons=0
    )

    sent = messages.CreateContestRequest(contest=messages.Contest(**settings))
    assert scripted.asked == [sent]
    assert (created.reset_schedule, created.keep_seasons) == (WEEKLY, 0)
    assert (created.season, created.next_reset_at) == (4, MONDAY)


async def test_a_contest_without_a_schedule(
    scripted: ScriptedContests, scripted_client: AnyClient
) -> None:
    """What is not set is None, and a schedule without a zone is in UTC."""
    bare = messages.Contest(contest_id="cup", season=1)
    daily = messages.Contest(reset_schedule=messages.ResetSchedule(cron="0 0 * * *"))
    scripted.answers += [messages.GetContestResponse(contest=each) for each in (bare, daily)]

    first = await call(scripted_client, "get_contest", "cup")
    second = await call(scripted_client, "get_contest", "cup")

    assert (first.reset_schedule, first.keep_seasons, first.next_reset_at) == (None, None, None)
    assert second.reset_schedule == ResetSchedule("0 0 * * *", "UTC")


@pytest.mark.parametrize(
    ("changes", "paths", "due"),
    [
        ({"reset_schedule": KEEP, "keep_seasons": KEEP}, [], {}),
        ({"reset_schedule": None}, ["reset_schedule"], {}),
        ({"keep_seasons": None}, ["keep_seasons"], {}),
        ({"keep_seasons": 0}, ["keep_seasons"], {"keep_seasons": 0}),
        (
            {"reset_schedule": WEEKLY, "keep_seasons": 3},
            ["reset_schedule", "keep_seasons"],
            {"reset_schedule": WEEKLY_MESSAGE, "keep_seasons": 3},
        ),
    ],
    ids=["nothing", "no schedule", "the default", "none kept", "both"],
)
async def test_settings_of_seasons_are_changed(
    scripted: ScriptedContests,
    scripted_client: AnyClient,
    changes: dict[str, Any],
    paths: list[str],
    due: dict[str, Any],
) -> None:
    """An update names the settings of seasons that are given; None resets one."""
    scripted.answers.append(messages.UpdateContestResponse())

    await call(scripted_client, "update_contest", "cup", **changes)

    contest = messages.Contest(contest_id="cup", **due)
    mask = FieldMask(paths=paths)
    assert scripted.asked == [messages.UpdateContestRequest(contest=contest, update_mask=mask)]


async def test_a_season_is_ended(scripted: ScriptedContests, scripted_client: AnyClient) -> None:
    """The call names the season that it ends, and returns the contest after it."""
    answer = messages.Contest(contest_id="cup", season=5, position={"epoch": "e_5", "revision": 9})
    scripted.answers.append(messages.ResetContestResponse(contest=answer))

    contest = await call(scripted_client, "reset_contest", "cup", 4)

    assert scripted.asked == [messages.ResetContestRequest(contest_id="cup", season=4)]
    assert (contest.season, contest.position) == (5, Position("e_5", 9))


async def test_seasons_are_listed_page_by_page(
    scripted: ScriptedContests, scripted_client: AnyClient
) -> None:
    """All seasons come in the order of the service, with what is known of them."""
    current = messages.Season(
        number=2, started_at=MONDAY_MESSAGE, total_users=7, position={"epoch": "e_2", "revision": 9}
    )
    first = messages.Season(number=1, ended_at=MONDAY_MESSAGE, position={"epoch": "e"})
    scripted.answers += [
        messages.ListSeasonsResponse(seasons=[current], next_page_token="2"),
        messages.ListSeasonsResponse(seasons=[first]),
    ]

    found = await listed(scripted_client, "list_seasons", "cup", page_size=1)

    assert found == [
        Season(
            number=2,
            started_at=MONDAY,
            ended_at=None,
            total_users=7,
            position=Position("e_2", 9),
        ),
        Season(
            number=1, started_at=None, ended_at=MONDAY, total_users=0, position=Position("e", 0)
        ),
    ]
    assert scripted.asked == [
        messages.ListSeasonsRequest(contest_id="cup", page_size=1),
        messages.ListSeasonsRequest(contest_id="cup", page_size=1, page_token="2"),
    ]


@pytest.mark.parametrize(
    ("method", "args", "request_of"),
    [
        ("get_top_users", (), lambda **season: pb.GetTopUsersRequest(limit=10, **season)),
        (
            "get_user_rank",
            ("ada",),
            lambda **season: pb.GetUserRankRequest(user_id="ada", **season),
        ),
        (
            "batch_get_user_ranks",
            (["ada"],),
            lambda **season: pb.BatchGetUserRanksRequest(user_ids=["ada"], **season),
        ),
        ("get_score_rank", (5,), lambda **season: pb.GetScoreRankRequest(score=5, **season)),
    ],
)
@pytest.mark.parametrize("season", [None, 3, -1])
async def test_every_read_names_a_season(
    fake: FakeService,
    client: AnyClient,
    method: str,
    args: tuple[Any, ...],
    request_of: Callable[..., Any],
    season: int | None,
) -> None:
    """A read has the season that it is given, and without one is of the current season."""
    await call(client, method, "cup", *args, **({} if season is None else {"season": season}))

    [sent] = fake.asked
    due = request_of(season=season or 0)
    due.contest_id = "cup"
    if isinstance(due, pb.GetTopUsersRequest):
        due.start_rank = 1
    assert sent == due


async def test_writes_name_a_season(fake: FakeService, client: AnyClient) -> None:
    """Single updates, those of batches and those of buffers have the season that they are for."""
    await call(client, "update_score", "cup", "ada", 1, season=3)
    await call(client, "batch_update_scores", [ScoreUpdate("cup", "bob", 1, season=4)])
    buffer: Any = client.score_buffer()
    await call(buffer, "add", ScoreUpdate("cup", "cid", 1, season=5))
    await call(buffer, "close")
    await call(client, "update_score", "cup", "dan", 1)

    seasons = {update.user_id: update.season for update in fake.received}
    assert seasons == {"ada": 3, "bob": 4, "cid": 5, "dan": 0}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (
            refusal(
                code_pb2.FAILED_PRECONDITION,
                "season 3 is over",
                "ERROR_REASON_SEASON_NOT_CURRENT",
                contestId="cup",
                season="4",
            ),
            FailedPrecondition,
        ),
        (
            refusal(
                code_pb2.NOT_FOUND,
                "there is no season 4",
                "ERROR_REASON_SEASON_NOT_FOUND",
                contestId="cup",
                season="4",
            ),
            NotFound,
        ),
    ],
    ids=["not current", "not found"],
)
async def test_errors_of_seasons(
    fake: FakeService, client: AnyClient, status: Any, kind: type[LeaderboardError]
) -> None:
    """A season that is over or not kept is an error that no retry helps, with the season."""
    fake.refusals.append(status)

    with pytest.raises(kind) as raised:
        await call(client, "update_score", "cup", "ada", 1, season=3)

    assert not raised.value.retryable
    assert raised.value.metadata == {"contestId": "cup", "season": "4"}
    assert len(fake.received) == 1


def _snapshot(epoch: str, revision: int, **fields: Any) -> Message:
    snapshot = pb.Snapshot(**fields)
    position = pb.Position(epoch=epoch, revision=revision)
    return pb.WatchContestResponse(position=position, snapshot=snapshot)


async def test_a_watch_has_the_season(fake: FakeService, client: AnyClient) -> None:
    """Each update has the season of its board, and a new one begins with an empty board."""
    row = pb.RankedUser(user_id="ada", score=1, rank=1, place=1)
    ended = pb.WatchContestResponse(
        position=pb.Position(epoch="e_5", revision=8),
        previous_revision=8,
        end=pb.End(reason=pb.END_REASON_CONTEST_OVER),
    )
    fake.streams.append(
        [
            _snapshot("e_4", 7, users=[row], total_users=1, season=4, reason=1),  # type: ignore[list-item]
            _snapshot("e_5", 8, season=5, reason=pb.SNAPSHOT_REASON_NEW_SEASON),  # type: ignore[list-item]
            ended,
        ]
    )

    updates = [update async for update in watched(client, "cup")]

    assert [update.season for update in updates] == [None, 4, 5, 5]
    assert [len(update.rows) for update in updates] == [0, 1, 0, 0]
    assert updates[2].snapshot_reason is SnapshotReason.NEW_SEASON
    assert (updates[2].changes, updates[2].moved, updates[2].total_users) == ((), {}, 0)


async def test_a_watch_from_before_the_contest(fake: FakeService, client: AnyClient) -> None:
    """A contest that does not exist has no season, and begins with its first one."""
    change = pb.ScoreChange(user=pb.RankedUser(user_id="ada", score=1, rank=1, place=1))
    begun = pb.WatchContestResponse(
        position=pb.Position(epoch="e", revision=1),
        changes=pb.Changes(changes=[change], total_users=1),
    )
    over = pb.WatchContestResponse(
        position=begun.position,
        previous_revision=1,
        end=pb.End(reason=pb.END_REASON_CONTEST_OVER),
    )
    fake.streams.append([_snapshot("", 0, reason=1), begun, over])  # type: ignore[list-item]

    updates = [update async for update in watched(client, "cup")]

    assert [update.season for update in updates] == [None, 0, 1, 1]


@pytest.mark.parametrize(
    "make",
    [
        lambda client: call(client, "create_contest", "cup", reset_schedule="0 0 * * *"),
        lambda client: call(client, "create_contest", "cup", reset_schedule=ResetSchedule(5)),  # type: ignore[arg-type]
        lambda client: call(client, "create_contest", "cup", keep_seasons="all"),
        lambda client: call(client, "update_contest", "cup", keep_seasons=2**31),
        lambda client: call(client, "reset_contest", "cup", "last"),
        lambda client: call(client, "get_top_users", "cup", season=2**31),
        lambda client: listed(client, "list_seasons", 5),
    ],
)
async def test_arguments_that_can_not_be_encoded_are_refused(
    scripted: ScriptedContests, scripted_client: AnyClient, make: Callable[[AnyClient], Any]
) -> None:
    """An argument that the contract can't hold is a ValueError, before anything is sent."""
    with pytest.raises(ValueError, match=r"."):
        await make(scripted_client)

    assert not scripted.asked
