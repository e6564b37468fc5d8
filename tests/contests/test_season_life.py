"""The end of a season beside what else happens to a contest: its end, expiry, moderation."""

import pytest
from redis.asyncio import Redis

from contests.seasonal import (
    BEGIN_MS,
    CONTEST,
    MINUTE_MS,
    create,
    read,
    scores,
    scores_by_season,
    seasons,
    timestamp,
)
from contests.two_servers import keys_of_contests, refusal
from harness.calls import DEADLINE_S, add
from harness.local_server import LocalServer
from harness.store_clock import StoreClock
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb

BOUNDARY_MS = BEGIN_MS + MINUTE_MS


async def update(server: LocalServer, mask: list[str], **settings: object) -> None:
    """Change settings of the contest."""
    contest = contests.Contest(contest_id=CONTEST, **settings)  # type: ignore[arg-type]
    request = contests.UpdateContestRequest(contest=contest)
    request.update_mask.paths.extend(mask)
    await server.contests.UpdateContest(request, timeout=DEADLINE_S)


@pytest.mark.parametrize(("after_ms", "numbers"), [(-1, [1]), (0, [1]), (1, [2, 1])])
async def test_only_a_boundary_before_the_end_counts(
    server: LocalServer, clock: StoreClock, after_ms: int, numbers: list[int]
) -> None:
    """A contest that ends at the boundary keeps its last season as the current one."""
    ends_at = timestamp(BOUNDARY_MS + after_ms)
    contest = await create(server.contests, ends_at=ends_at)
    assert contest.HasField("next_reset_at") == (len(numbers) > 1)
    await add(server.stub, CONTEST, "ada", 5)
    clock.advance(2 * MINUTE_MS)

    late = pb.UpdateScoreRequest(contest_id=CONTEST, user_id="ada", points=1)
    assert await refusal(server.stub.UpdateScore(late, timeout=DEADLINE_S)) == "CONTEST_NOT_OPEN"
    assert [season.number for season in await seasons(server.contests)] == numbers
    assert await scores(server.stub, 1) == {"ada": 5}
    assert not (await read(server.contests)).HasField("next_reset_at")


async def test_a_contest_that_opens_again_has_its_next_boundary(
    server: LocalServer, clock: StoreClock
) -> None:
    """The season that was the last one goes on until the boundary that is to come."""
    await create(server.contests, ends_at=timestamp(BEGIN_MS + 1))
    await add(server.stub, CONTEST, "ada", 5)
    clock.advance(10 * MINUTE_MS)
    await update(server, ["ends_at"])

    contest = await read(server.contests)
    assert (contest.season, contest.next_reset_at) == (1, timestamp(clock.read() + MINUTE_MS))
    await add(server.stub, CONTEST, "bo", 1)
    clock.advance(MINUTE_MS)
    assert await scores_by_season(server) == {1: {"ada": 5, "bo": 1}, 2: {}}


async def test_a_schedule_that_changes_counts_from_then_on(
    server: LocalServer, clock: StoreClock
) -> None:
    """A boundary that has passed ends the season first; without a schedule there is none."""
    await create(server.contests)
    await add(server.stub, CONTEST, "ada", 5)
    clock.set(BOUNDARY_MS)
    hours = contests.ResetSchedule(cron="0 * * * *", time_zone="UTC")
    await update(server, ["reset_schedule"], reset_schedule=hours)

    contest = await read(server.contests)
    assert (contest.season, contest.next_reset_at) == (2, timestamp(BEGIN_MS + 60 * MINUTE_MS))
    await add(server.stub, CONTEST, "bo", 1)
    await update(server, ["reset_schedule"])
    clock.advance(1_000 * MINUTE_MS)
    assert await scores_by_season(server) == {1: {"ada": 5}, 2: {"bo": 1}}


async def test_a_contest_expires_with_its_seasons(
    server: LocalServer, clock: StoreClock, redis: Redis
) -> None:
    """The end of a season is no write, so it does not put the expiry off."""
    await create(server.contests, expire_after={"seconds": 600})
    for _ in range(3):
        await add(server.stub, CONTEST, "ada", 5)
        clock.advance(MINUTE_MS)
    clock.advance(8 * MINUTE_MS)
    assert (await read(server.contests)).season == 4
    clock.advance(2 * MINUTE_MS)

    request = contests.GetContestRequest(contest_id=CONTEST)
    answer = await refusal(server.contests.GetContest(request, timeout=DEADLINE_S))
    assert answer == "CONTEST_NOT_FOUND"
    assert await scores(server.stub) == {}
    assert await keys_of_contests(redis) == []


async def test_a_season_that_ends_as_the_contest_expires_is_gone(
    server: LocalServer, clock: StoreClock, redis: Redis
) -> None:
    """Where both times have passed the contest is deleted, whichever came first."""
    await create(server.contests, expire_after={"seconds": 60})
    await add(server.stub, CONTEST, "ada", 5)
    clock.advance(10 * MINUTE_MS)

    assert await scores(server.stub) == {}
    assert await keys_of_contests(redis) == []
    await add(server.stub, CONTEST, "ada", 1)
    assert (await read(server.contests)).season == 1


@pytest.mark.parametrize("turned", [False, True])
async def test_a_deletion_takes_all_seasons(
    servers: tuple[LocalServer, LocalServer], clock: StoreClock, redis: Redis, *, turned: bool
) -> None:
    """Also through a server that has never seen the contest, and of a season that is due."""
    server, other = servers
    await create(server.contests)
    for _ in range(3):
        await add(server.stub, CONTEST, "ada", 5)
        clock.advance(MINUTE_MS)
    if turned:
        await read(server.contests)
    await other.contests.DeleteContest(
        contests.DeleteContestRequest(contest_id=CONTEST), timeout=DEADLINE_S
    )
    assert await keys_of_contests(redis) == []


async def test_a_deletion_of_the_season_before_deletes_nothing(
    server: LocalServer, clock: StoreClock
) -> None:
    """Its epoch is over with the boundary, whether or not a call was there before."""
    await create(server.contests)
    answer = await add(server.stub, CONTEST, "ada", 5)
    clock.set(BOUNDARY_MS)
    request = contests.DeleteContestRequest(contest_id=CONTEST, epoch=answer.position.epoch)
    await server.contests.DeleteContest(request, timeout=DEADLINE_S)

    assert await scores_by_season(server) == {1: {"ada": 5}, 2: {}}


async def test_hidden_users_stay_hidden(
    servers: tuple[LocalServer, LocalServer], clock: StoreClock
) -> None:
    """A hidden score stays with its season, which an unhiding in the next one does not change."""
    server, other = servers
    await create(server.contests)
    await add(server.stub, CONTEST, "ada", 5)
    await add(server.stub, CONTEST, "bo", 7)
    clock.set(BOUNDARY_MS - 1)
    hide = contests.HideUsersRequest(contest_id=CONTEST, user_ids=["bo", "cy"])
    assert (await server.contests.HideUsers(hide, timeout=DEADLINE_S)).count == 2
    clock.set(BOUNDARY_MS)
    hidden = await other.contests.ListHiddenUsers(
        contests.ListHiddenUsersRequest(contest_id=CONTEST), timeout=DEADLINE_S
    )
    assert sorted(hidden.user_ids_without_score) == ["bo", "cy"]
    answer = await add(other.stub, CONTEST, "bo", 2)
    assert (answer.user.score, answer.user.rank, answer.user.place) == (2, 0, 0)
    show = contests.UnhideUsersRequest(contest_id=CONTEST, user_ids=["bo"])
    assert (await server.contests.UnhideUsers(show, timeout=DEADLINE_S)).count == 1

    assert await scores_by_season(other) == {1: {"ada": 5}, 2: {"bo": 2}}


async def test_a_removal_after_the_boundary_removes_nothing_before_it(
    server: LocalServer, clock: StoreClock
) -> None:
    """It is of the current season, which has begun."""
    await create(server.contests)
    await add(server.stub, CONTEST, "ada", 5)
    clock.set(BOUNDARY_MS)
    request = contests.RemoveUsersRequest(contest_id=CONTEST, user_ids=["ada"])

    assert (await server.contests.RemoveUsers(request, timeout=DEADLINE_S)).count == 0
    assert await scores_by_season(server) == {1: {"ada": 5}, 2: {}}


async def test_a_reset_of_the_season_that_was_due_ends_one(
    servers: tuple[LocalServer, LocalServer], clock: StoreClock
) -> None:
    """The boundary ended it before, so the reset that names it is a repeat."""
    await create(servers[0].contests)
    await add(servers[0].stub, CONTEST, "ada", 5)
    clock.set(BOUNDARY_MS + 1)
    request = contests.ResetContestRequest(contest_id=CONTEST, season=1)
    for server in servers:
        answer = await server.contests.ResetContest(request, timeout=DEADLINE_S)
        assert (answer.contest.season, answer.contest.total_users) == (2, 0)
    _, first = await seasons(servers[0].contests)
    assert first.ended_at == timestamp(BOUNDARY_MS)


async def test_names_are_carried_over_by_the_first_write(
    servers: tuple[LocalServer, LocalServer], clock: StoreClock
) -> None:
    """With attributes, through a server that has not seen the season before."""
    server, other = servers
    await create(server.contests)
    named = pb.UpdateScoreRequest(
        contest_id=CONTEST, user_id="ada", points=1, display_name="Ada", attributes={"team": "red"}
    )
    await server.stub.UpdateScore(named, timeout=DEADLINE_S)
    clock.set(BOUNDARY_MS)

    answer = await add(other.stub, CONTEST, "ada", 2)
    assert (answer.user.display_name, dict(answer.user.attributes)) == ("Ada", {"team": "red"})
    assert answer.user.score == 2


@pytest.mark.parametrize("styles", [("ORDINAL", "DENSE"), ("COMPETITION", "ORDINAL")])
async def test_a_repeat_after_the_ranks_are_counted_in_another_way(
    server: LocalServer, clock: StoreClock, styles: tuple[str, str]
) -> None:
    """An empty season may get other rules; a repeat has rank and place of the season before."""
    before, after = (pb.ContestRules(rank_style=f"RANK_STYLE_{style}") for style in styles)
    await create(server.contests, rules=before)
    updates = [
        pb.UpdateScoreRequest(contest_id=CONTEST, user_id=user, points=5, request_id=user)
        for user in ("ada", "bo")
    ]
    first = [await server.stub.UpdateScore(update, timeout=DEADLINE_S) for update in updates]
    clock.set(BOUNDARY_MS)
    await update(server, ["rules.rank_style"], rules=after)
    other = pb.UpdateScoreRequest(contest_id=CONTEST, user_id="cy", points=1)
    batch = pb.BatchUpdateScoresRequest(updates=[other, *updates])
    answers = await server.stub.BatchUpdateScores(batch, timeout=DEADLINE_S)

    assert answers.results[0].response.applied
    again = [result.response for result in answers.results[1:]]
    assert [answer.replayed for answer in again] == [True, True]
    assert [answer.user for answer in again] == [answer.user for answer in first]
    assert await scores_by_season(server) == {1: {"ada": 5, "bo": 5}, 2: {"cy": 1}}
