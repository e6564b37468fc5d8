"""Seasons of contests: schedules, resets, lists, and seasons named by writes, reads and watches."""

from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from contract.edge import ON_ONE_LISTENER, Edge
from contract.rejections import (
    Rejection,
    contest_not_found,
    invalid,
    request_id_reused,
    season_not_current,
    season_not_found,
)
from contract.test_contest_settings import create, get, new, update
from harness.calls import DEADLINE_S, add, top
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = [pytest.mark.asyncio(loop_scope="session")]

YEARLY = contests.ResetSchedule(cron="0 0 1 1 *", time_zone="UTC")
WEEKLY = contests.ResetSchedule(cron="30 4 * * MON", time_zone="Europe/Berlin")


def reset_request(contest_id: str, season: int) -> contests.ResetContestRequest:
    """Return a request to end a season."""
    return contests.ResetContestRequest(contest_id=contest_id, season=season)


async def reset(edge: Edge, contest_id: str, season: int) -> contests.Contest:
    """End a season, and return the contest after it."""
    answer: contests.ResetContestResponse = await edge.contests.ResetContest(
        reset_request(contest_id, season), timeout=DEADLINE_S
    )
    return answer.contest


async def seasons(edge: Edge, contest_id: str, page_size: int = 0) -> list[contests.Season]:
    """Return all seasons, page by page."""
    listed: list[contests.Season] = []
    request = contests.ListSeasonsRequest(contest_id=contest_id, page_size=page_size)
    while True:
        page = await edge.contests.ListSeasons(request, timeout=DEADLINE_S)
        assert len(page.seasons) <= (page_size or 100)
        listed += page.seasons
        if not page.next_page_token:
            return listed
        request.page_token = page.next_page_token


def write(contest_id: str, season: int = 0, **fields: Any) -> pb.UpdateScoreRequest:
    """Return a write for a season."""
    defaults: dict[str, Any] = {"user_id": "ada", "points": 5}
    return pb.UpdateScoreRequest(contest_id=contest_id, season=season, **defaults | fields)


def reads(contest_id: str, season: int) -> dict[str, Any]:
    """Return a request of each call that reads a season, for a board with the user `ada`."""
    one: dict[str, Any] = {"contest_id": contest_id, "season": season}
    return {
        "GetTopUsers": pb.GetTopUsersRequest(**one),
        "GetUserRank": pb.GetUserRankRequest(**one, user_id="ada", around=3),
        "BatchGetUserRanks": pb.BatchGetUserRanksRequest(**one, user_ids=["ada", "zoe"]),
        "GetScoreRank": pb.GetScoreRankRequest(**one, score=4, around=3),
    }


async def test_contest_has_a_schedule(edge: Edge, contest_id: str) -> None:
    """A contest shows its schedule, its season, and when that ends by the store's clock."""
    year = datetime.now(UTC).year
    created = await create(edge, contest_id, reset_schedule=YEARLY, keep_seasons=0)

    assert created.reset_schedule == YEARLY
    assert (created.HasField("keep_seasons"), created.keep_seasons) == (True, 0)
    assert created.season == 1
    ends_in = {datetime(year + ahead, 1, 1, tzinfo=UTC) for ahead in (1, 2)}
    assert created.next_reset_at.ToDatetime(UTC) in ends_in
    assert await get(edge, contest_id) == created


async def test_contest_without_a_schedule(edge: Edge, contest_id: str) -> None:
    """It is in its first season, shows no schedule, and ends at no time."""
    await add(edge.stub, contest_id, "ada", 5)
    contest = await get(edge, contest_id)

    assert contest.season == 1
    unset = ("reset_schedule", "keep_seasons", "next_reset_at")
    assert not any(contest.HasField(name) for name in unset)


async def test_default_time_zone_is_utc(edge: Edge, contest_id: str) -> None:
    """A schedule without a time zone is that of UTC, and equal to it."""
    created = await create(edge, contest_id, reset_schedule={"cron": YEARLY.cron})

    assert created.reset_schedule == YEARLY
    assert await create(edge, contest_id, reset_schedule=YEARLY) == created
    for other in ({}, {"reset_schedule": WEEKLY}, {"reset_schedule": YEARLY, "keep_seasons": 10}):
        rejection = await edge.rejection("CreateContest", new(contest_id, **other))
        assert rejection.reason == "CONTEST_ALREADY_EXISTS"


async def test_settings_of_seasons_are_changed(edge: Edge, contest_id: str) -> None:
    """A change sets those that the mask names, and unsets those that are not in the contest."""
    before = await create(edge, contest_id, reset_schedule=YEARLY)

    changed = await update(
        edge,
        contest_id,
        "reset_schedule",
        "keep_seasons",
        reset_schedule=WEEKLY,
        keep_seasons=1_000,
    )
    assert (changed.reset_schedule, changed.keep_seasons) == (WEEKLY, 1_000)
    monday = changed.next_reset_at.ToDatetime(UTC)
    assert (monday.weekday(), monday.hour in (2, 3), monday.minute) == (0, True, 30)
    assert changed.position.revision == before.position.revision + 1
    kept = await update(edge, contest_id, "keep_seasons", reset_schedule=YEARLY)
    assert (kept.reset_schedule, kept.HasField("keep_seasons")) == (WEEKLY, False)
    assert kept.next_reset_at == changed.next_reset_at
    unset = await update(edge, contest_id, "reset_schedule")
    assert not unset.HasField("reset_schedule")
    assert not unset.HasField("next_reset_at")
    assert await get(edge, contest_id) == unset


async def test_contest_that_ends_before_the_season(edge: Edge, contest_id: str) -> None:
    """No season ends by the schedule once the contest is over, also at that very time."""
    contest = await create(edge, contest_id, reset_schedule=YEARLY)
    ends_at = Timestamp(seconds=contest.next_reset_at.seconds)

    over = await update(edge, contest_id, "ends_at", ends_at=ends_at)
    assert not over.HasField("next_reset_at")
    ends_at.seconds += 1
    reopened = await update(edge, contest_id, "ends_at", ends_at=ends_at)
    assert reopened.next_reset_at == contest.next_reset_at


async def test_a_schedule_is_named_as_a_whole(edge: Edge, contest_id: str) -> None:
    """The mask names no part of a schedule."""
    await create(edge, contest_id, reset_schedule=YEARLY)
    request = contests.UpdateContestRequest(
        contest={"contest_id": contest_id, "reset_schedule": WEEKLY},
        update_mask={"paths": ["keep_seasons", "reset_schedule.cron"]},
    )
    assert await edge.rejection("UpdateContest", request) == invalid("update_mask.paths[1]")


async def test_contest_is_reset(edge: Edge, contest_id: str) -> None:
    """The next season has an empty board, an epoch of its own, and a later revision."""
    before = (await add(edge.stub, contest_id, "ada", 5)).position

    contest = await reset(edge, contest_id, 1)

    assert (contest.season, contest.total_users) == (2, 0)
    assert contest.position.epoch != before.epoch
    assert contest.position.revision > before.revision
    assert await get(edge, contest_id) == contest
    board = await top(edge.stub, contest_id)
    assert (list(board.users), board.total_users) == ([], 0)
    assert board.position == contest.position
    assert (await add(edge.stub, contest_id, "ada", 3)).user.score == 3


async def test_reset_is_repeated(edge: Edge, contest_id: str) -> None:
    """A season that is over stays as it is, and nothing is written."""
    await add(edge.stub, contest_id, "ada", 5)
    contest = await reset(edge, contest_id, 1)
    before = await edge.writes()

    assert await reset(edge, contest_id, 1) == contest
    assert await edge.writes() == before
    await reset(edge, contest_id, 2)
    assert (await reset(edge, contest_id, 1)).season == 3


async def test_reset_of_a_season_that_has_not_begun(edge: Edge, contest_id: str) -> None:
    """It is refused with the current season."""
    await add(edge.stub, contest_id, "ada", 5)

    request = reset_request(contest_id, 2)
    assert await edge.rejection("ResetContest", request) == season_not_current(contest_id, 1)
    await reset(edge, contest_id, 1)
    for season in (3, 2**31 - 1):
        request = reset_request(contest_id, season)
        assert await edge.rejection("ResetContest", request) == season_not_current(contest_id, 2)


async def test_seasons_of_a_contest_that_does_not_exist(edge: Edge, contest_id: str) -> None:
    """It can't be reset, has no list of seasons, and no season can be read."""
    request = reset_request(contest_id, 1)
    assert await edge.rejection("ResetContest", request) == contest_not_found(contest_id)
    listing = contests.ListSeasonsRequest(contest_id=contest_id)
    assert await edge.rejection("ListSeasons", listing) == contest_not_found(contest_id)
    for season in (1, -1):
        for rpc, read in reads(contest_id, season).items():
            assert await edge.rejection(rpc, read) == season_not_found(contest_id, season)


async def test_write_for_the_current_season(edge: Edge, contest_id: str) -> None:
    """A write that names the current season counts, also one that begins the contest."""
    await edge.answer("UpdateScore", write(contest_id, 1))
    await reset(edge, contest_id, 1)

    await edge.answer("UpdateScore", write(contest_id, 2, points=3))

    assert await edge.board(contest_id) == [("ada", 3)]


@pytest.mark.parametrize("season", [1, 3, 2**31 - 1])
async def test_write_for_another_season_is_refused(
    edge: Edge, contest_id: str, season: int
) -> None:
    """The error has the current season, nothing is written, and a batch goes on without it."""
    await add(edge.stub, contest_id, "ada", 5)
    await reset(edge, contest_id, 1)
    refused = season_not_current(contest_id, 2)

    assert await edge.rejection("UpdateScore", write(contest_id, season)) == refused
    outcomes = await edge.batch(
        pb.BatchUpdateScoresRequest(
            updates=[write(contest_id, season), write(contest_id, 2), write(contest_id)]
        )
    )
    assert outcomes[0] == refused
    assert not any(isinstance(outcome, Rejection) for outcome in outcomes[1:])
    assert await edge.board(contest_id) == [("ada", 10)]


async def test_write_for_a_later_season_begins_no_contest(edge: Edge, contest_id: str) -> None:
    """The first season of a contest is 1, so a write for another one is refused."""
    (outcome,) = await edge.batch(pb.BatchUpdateScoresRequest(updates=[write(contest_id, 2)]))

    assert outcome == season_not_current(contest_id, 1)
    assert await edge.keys(contest_id) == set()


async def test_repeat_of_a_write_of_the_last_season(edge: Edge, contest_id: str) -> None:
    """It gets its first answer; with another season it is another write."""
    named = write(contest_id, 1, request_id="named")
    unnamed = write(contest_id, request_id="unnamed")
    first: Any = [await edge.answer("UpdateScore", each) for each in (named, unnamed)]
    await reset(edge, contest_id, 1)

    repeats: Any = [await edge.answer("UpdateScore", each) for each in (named, unnamed)]

    for before, repeat in zip(first, repeats, strict=True):
        assert repeat.replayed
        assert repeat.user.score == before.user.score
        assert (repeat.user.rank, repeat.previous_score) == (1, before.previous_score)
    assert await edge.board(contest_id) == []
    for season in (0, 2):
        other = write(contest_id, season, request_id="named")
        assert await edge.rejection("UpdateScore", other) == request_id_reused(contest_id, "named")


async def test_kept_season_is_read_by_every_call(edge: Edge, contest_id: str) -> None:
    """Its number, and -1 right after it, give what the calls gave before its end."""
    for user, points in (("ada", 5), ("bob", 7), ("cyd", 2)):
        await edge.answer("UpdateScore", write(contest_id, user_id=user, points=points))
    before = {rpc: await edge.answer(rpc, read) for rpc, read in reads(contest_id, 0).items()}
    await reset(edge, contest_id, 1)
    await add(edge.stub, contest_id, "ada", 1)

    for season in (1, -1):
        for rpc, read in reads(contest_id, season).items():
            assert await edge.answer(rpc, read) == before[rpc]
    current = {rpc: await edge.answer(rpc, read) for rpc, read in reads(contest_id, 0).items()}
    for rpc, read in reads(contest_id, 2).items():
        assert await edge.answer(rpc, read) == current[rpc]
        assert current[rpc] != before[rpc]


async def test_seasons_that_can_not_be_read(edge: Edge, contest_id: str) -> None:
    """One that has not begun, or is not kept, is not found; the error names it as the request."""
    await create(edge, contest_id, keep_seasons=1)
    await add(edge.stub, contest_id, "ada", 5)
    for rpc, read in reads(contest_id, -1).items():
        assert await edge.rejection(rpc, read) == season_not_found(contest_id, -1)
    await reset(edge, contest_id, 1)
    await add(edge.stub, contest_id, "ada", 6)
    await reset(edge, contest_id, 2)

    for season in (1, 4, 2**31 - 1):
        for rpc, read in reads(contest_id, season).items():
            assert await edge.rejection(rpc, read) == season_not_found(contest_id, season)
    for season in (2, -1):
        assert (await top(edge.stub, contest_id, season=season)).users[0].score == 6


async def test_seasons_are_listed(edge: Edge, contest_id: str) -> None:
    """The latest comes first, each with its times, users and latest position, page by page."""
    created = await create(edge, contest_id)
    contest, positions = created, []
    for season in range(1, 6):
        for user in range(season):
            await add(edge.stub, contest_id, f"user-{user}", 1)
        positions.append((await top(edge.stub, contest_id)).position)
        contest = await reset(edge, contest_id, season)
    positions.append(contest.position)

    for page_size in (1, 2, 3, 5, 6, 100, 0):
        listed = await seasons(edge, contest_id, page_size)

        assert [season.number for season in listed] == [6, 5, 4, 3, 2, 1]
        assert [season.total_users for season in listed] == [0, 5, 4, 3, 2, 1]
        assert [season.position for season in listed] == positions[::-1]
        current, *kept = listed
        assert not current.HasField("ended_at")
        assert [season.ended_at for season in kept] == [season.started_at for season in listed[:-1]]
        assert kept[-1].started_at.seconds == created.created_at.seconds
        times = [season.started_at.ToNanoseconds() for season in listed]
        assert times == sorted(times, reverse=True)


async def test_list_of_a_contest_in_its_first_season(edge: Edge, contest_id: str) -> None:
    """It has that season alone."""
    position = (await add(edge.stub, contest_id, "ada", 5)).position

    (season,) = await seasons(edge, contest_id)

    assert (season.number, season.total_users, season.position) == (1, 1, position)
    assert season.started_at.seconds == (await get(edge, contest_id)).created_at.seconds
    assert not season.HasField("ended_at")


async def test_list_of_seasons_that_are_kept(edge: Edge, contest_id: str) -> None:
    """A season beyond `keep_seasons` is not listed, as it is deleted."""
    await create(edge, contest_id, keep_seasons=2)
    for season in range(1, 5):
        await reset(edge, contest_id, season)
    assert [season.number for season in await seasons(edge, contest_id)] == [5, 4, 3]

    await update(edge, contest_id, "keep_seasons", keep_seasons=0)
    await reset(edge, contest_id, 5)
    assert [season.number for season in await seasons(edge, contest_id)] == [6]


@ON_ONE_LISTENER
async def test_list_from_the_token_of_a_season_that_was_dropped(
    edge: Edge, contest_id: str
) -> None:
    """A page after seasons that are not kept any more is empty, and the last one."""
    await create(edge, contest_id)
    for season in range(1, 4):
        await reset(edge, contest_id, season)
    request = contests.ListSeasonsRequest(contest_id=contest_id, page_size=2)
    page = await edge.contests.ListSeasons(request, timeout=DEADLINE_S)
    await update(edge, contest_id, "keep_seasons", keep_seasons=1)
    await reset(edge, contest_id, 4)

    request.page_token = page.next_page_token
    page = await edge.contests.ListSeasons(request, timeout=DEADLINE_S)

    assert (list(page.seasons), page.next_page_token) == ([], "")


async def test_watcher_gets_the_season(edge: Edge, contest_id: str) -> None:
    """Each snapshot has the season; at its end there is one with the reason NEW_SEASON."""
    absent = pb.WatchContestRequest(contest_id=contest_id)
    first: Any = await edge.answer("WatchContest", absent)
    assert first.snapshot.season == 0
    await add(edge.stub, contest_id, "ada", 5)
    watch = edge.stub.WatchContest(absent, timeout=DEADLINE_S)
    messages = aiter(watch)
    snapshot = (await anext(messages)).snapshot
    assert (snapshot.season, snapshot.reason) == (1, pb.SNAPSHOT_REASON_INITIAL)

    contest = await reset(edge, contest_id, 1)

    message = await anext(messages)
    while not message.HasField("snapshot"):
        message = await anext(messages)
    assert message.position == contest.position
    assert (message.snapshot.season, message.snapshot.reason) == (2, pb.SNAPSHOT_REASON_NEW_SEASON)
    assert (list(message.snapshot.users), message.snapshot.total_users) == ([], 0)
    watch.cancel()


async def test_watcher_that_resumes_after_the_last_season(edge: Edge, contest_id: str) -> None:
    """It gets a snapshot of the current season, with the reason NEW_SEASON."""
    position = (await add(edge.stub, contest_id, "ada", 5)).position
    contest = await reset(edge, contest_id, 1)

    request = pb.WatchContestRequest(contest_id=contest_id, resume_after=position)
    message: Any = await edge.answer("WatchContest", request)

    assert message.position == contest.position
    assert (message.snapshot.season, message.snapshot.reason) == (2, pb.SNAPSHOT_REASON_NEW_SEASON)
