"""Seasons end at the very instant of a boundary: ends of months, leap days, changes of clocks."""

import asyncio

import pytest

from contests.seasonal import (
    BEGIN_MS,
    MINUTE_MS,
    all_begun,
    create,
    read,
    scores,
    scores_by_season,
    seasons,
    stand_before_boundary,
    timestamp,
    to_ms,
    watchers,
)
from contests.two_servers import refusal
from harness.calls import DEADLINE_S, add
from harness.local_server import LocalServer
from harness.store_clock import StoreClock
from harness.waiting import eventually
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb

BERLIN, UTC = "Europe/Berlin", "UTC"


@pytest.mark.parametrize(
    ("cron", "time_zone", "boundaries"),
    [
        pytest.param(
            "0 0 1 * *",
            UTC,
            ["2028-02-01T00:00", "2028-03-01T00:00", "2028-04-01T00:00"],
            id="ends of months",
        ),
        pytest.param(
            "0 0 L * *",
            UTC,
            ["2028-01-31T00:00", "2028-02-29T00:00", "2028-03-31T00:00", "2028-04-30T00:00"],
            id="last days of months",
        ),
        pytest.param("0 0 29 2 *", UTC, ["2028-02-29T00:00", "2032-02-29T00:00"], id="leap days"),
        pytest.param(
            "0 0 1 1 *", BERLIN, ["2027-12-31T23:00", "2028-12-31T23:00"], id="years of a zone"
        ),
        pytest.param(
            "30 2 * * *",
            BERLIN,
            ["2027-03-27T01:30", "2027-03-28T01:00", "2027-03-29T00:30"],
            id="a time that is skipped",
        ),
        pytest.param(
            "30 2 * * *",
            BERLIN,
            ["2027-10-30T00:30", "2027-10-31T00:30", "2027-11-01T01:30"],
            id="a time that comes twice",
        ),
    ],
)
async def test_each_write_counts_in_its_season(
    server: LocalServer, clock: StoreClock, cron: str, time_zone: str, boundaries: list[str]
) -> None:
    """One ms before a boundary a write is of the season that ends, and at it of the next one."""
    times = [to_ms(text) for text in boundaries]
    clock.set(times[0] - MINUTE_MS)
    await create(server.contests, cron=cron, time_zone=time_zone)
    for number, boundary in enumerate(times, start=1):
        clock.set(boundary - 1)
        contest = await read(server.contests)
        assert contest.next_reset_at == timestamp(boundary)
        await add(server.stub, "cup", "before", number)
        clock.set(boundary)
        answer = await add(server.stub, "cup", "at", number)
        assert (answer.user.score, answer.user.rank, answer.previous_score) == (number, 1, 0)
        clock.set(boundary + 1)
        await add(server.stub, "cup", "after", number)

    assert await scores_by_season(server) == {
        1: {"before": 1},
        **{n: {"at": n - 1, "after": n - 1, "before": n} for n in range(2, len(times) + 1)},
        len(times) + 1: {"at": len(times), "after": len(times)},
    }
    found = (await seasons(server.contests))[::-1]
    assert [season.ended_at for season in found[:-1]] == [timestamp(time) for time in times]
    assert [season.started_at for season in found[1:]] == [timestamp(time) for time in times]
    assert not found[-1].HasField("ended_at")


@pytest.mark.usefixtures("on_each_listener")
async def test_a_read_ends_the_season_too(server: LocalServer, clock: StoreClock) -> None:
    """Each kind of read shows the next season from the boundary on."""
    for number, name in enumerate(("top", "rank", "ranks", "score", "contest", "seasons", "list")):
        await create(server.contests, name)
        await add(server.stub, name, "ada", number + 1)
    clock.advance(MINUTE_MS)
    stub, service = server.stub, server.contests

    rank = pb.GetUserRankRequest(contest_id="rank", user_id="ada")
    assert await refusal(stub.GetUserRank(rank, timeout=DEADLINE_S)) == "USER_NOT_FOUND"
    ranks = pb.BatchGetUserRanksRequest(contest_id="ranks", user_ids=["ada"])
    assert not (await stub.BatchGetUserRanks(ranks, timeout=DEADLINE_S)).users
    score = pb.GetScoreRankRequest(contest_id="score", score=0)
    assert (await stub.GetScoreRank(score, timeout=DEADLINE_S)).rank == 1
    assert (await read(service, "contest")).season == 2
    assert [season.number for season in await seasons(service, "seasons")] == [2, 1]
    listed = await service.ListContests(contests.ListContestsRequest(id_prefix="list"))
    assert [contest.season for contest in listed.contests] == [2]
    assert await scores(stub, -1, "top") == {"ada": 1}
    assert await scores(stub, 0, "top") == {}


async def test_seasons_without_a_write_are_one(
    servers: tuple[LocalServer, LocalServer], clock: StoreClock
) -> None:
    """However many boundaries pass, and whether or not the contest is watched."""
    server, other = servers
    watches = watchers("watched")
    for name in ("watched", "unwatched"):
        await create(server.contests, name)
    for watch in watches:
        await watch.open(other.stub)
    for _ in range(3):
        clock.advance(10 * MINUTE_MS)
        for name in ("watched", "unwatched"):
            contest = await read(server.contests, name)
            assert (contest.season, contest.next_reset_at) == (
                1,
                timestamp(clock.read() + MINUTE_MS),
            )
    for name in ("watched", "unwatched"):
        await add(server.stub, name, "ada", 1)
        clock.advance(10 * MINUTE_MS)
        assert [season.number for season in await seasons(other.contests, name)] == [2, 1]
    await all_begun(watches, 2)
    for watch in watches:
        await watch.hang_up()
        assert watch.checker.reasons == {"INITIAL": 1, "NEW_SEASON": 1}


async def test_missed_boundaries_end_one_season(server: LocalServer, clock: StoreClock) -> None:
    """The season ends at the first of them, and the next one at the first that is to come."""
    await create(server.contests)
    await add(server.stub, "cup", "ada", 1)
    clock.advance(10 * MINUTE_MS + 1)
    await add(server.stub, "cup", "bo", 2)

    current, first = await seasons(server.contests)
    assert (first.number, first.ended_at) == (1, timestamp(BEGIN_MS + MINUTE_MS))
    assert (current.number, current.started_at) == (2, timestamp(BEGIN_MS + MINUTE_MS))
    contest = await read(server.contests)
    assert contest.next_reset_at == timestamp(BEGIN_MS + 11 * MINUTE_MS)
    assert await scores_by_season(server) == {1: {"ada": 1}, 2: {"bo": 2}}


@pytest.mark.usefixtures("on_each_listener")
async def test_a_repeat_gets_its_first_answer(
    servers: tuple[LocalServer, LocalServer], clock: StoreClock
) -> None:
    """Though the season is over, at a position that can be reached; another write is refused."""
    server, other = servers
    await create(server.contests)
    plain = pb.UpdateScoreRequest(contest_id="cup", user_id="ada", points=3, request_id="one")
    named = pb.UpdateScoreRequest(
        contest_id="cup", user_id="ada", points=4, request_id="two", season=1
    )
    first = [await server.stub.UpdateScore(each, timeout=DEADLINE_S) for each in (plain, named)]
    clock.advance(MINUTE_MS)
    for each in (other, server):
        for request, before in zip((plain, named), first, strict=True):
            again = await each.stub.UpdateScore(request, timeout=DEADLINE_S)
            assert again.replayed
            assert (again.user, again.position.revision) == (before.user, before.position.revision)
            top = pb.GetTopUsersRequest(contest_id="cup", min_position=again.position)
            assert not (await each.stub.GetTopUsers(top, timeout=DEADLINE_S)).users
    late = pb.UpdateScoreRequest(contest_id="cup", user_id="ada", points=1, season=1)
    for each in (other, server):
        answer = await refusal(each.stub.UpdateScore(late, timeout=DEADLINE_S))
        assert answer == "SEASON_NOT_CURRENT"
    assert await scores_by_season(server) == {1: {"ada": 7}, 2: {}}


@pytest.mark.usefixtures("on_each_listener")
async def test_watches_end_the_season_by_themselves(
    servers: tuple[LocalServer, LocalServer], clock: StoreClock
) -> None:
    """Nobody writes or reads: a server that watches ends it at the boundary."""
    boundary = stand_before_boundary(clock, 300)
    await create(servers[0].contests)
    await add(servers[0].stub, "cup", "ada", 1)
    watches = watchers()
    for watch in watches:
        await watch.open(servers[1].stub)
    clock.run()
    await all_begun(watches, 2)
    assert clock.read() >= boundary
    for watch in watches:
        await watch.hang_up()
        assert watch.checker.reasons == {"INITIAL": 1, "NEW_SEASON": 1}
        assert watch.checker.rows == ()
    current, _ = await seasons(servers[0].contests)
    assert current.started_at == timestamp(boundary)


async def test_a_batch_is_of_one_season(
    servers: tuple[LocalServer, LocalServer], clock: StoreClock
) -> None:
    """Batches through both servers, while one boundary after the other passes."""
    await create(servers[0].contests, keep_seasons=1_000)
    users = [f"user-{number}" for number in range(20)]
    landed: dict[str, int] = {}
    done = asyncio.Event()

    async def write(server: LocalServer) -> None:
        while not done.is_set():
            request = pb.BatchUpdateScoresRequest(
                updates=[
                    pb.UpdateScoreRequest(contest_id="cup", user_id=user, points=1)
                    for user in users
                ]
            )
            answer = await server.stub.BatchUpdateScores(request, timeout=DEADLINE_S)
            (epoch,) = {result.response.position.epoch for result in answer.results}
            landed[epoch] = landed.get(epoch, 0) + 1

    async def turn() -> None:
        for _ in range(10):
            enough = sum(landed.values()) + 3
            await eventually(lambda: sum(landed.values()) >= enough, "three batches")  # noqa: B023
            clock.advance(MINUTE_MS)
        done.set()

    await asyncio.gather(turn(), *(write(server) for server in (*servers, *servers)))
    found = await seasons(servers[0].contests)
    counts = {season.position.epoch: season.number for season in found}
    assert set(landed) <= set(counts)
    for epoch, batches in landed.items():
        assert await scores(servers[1].stub, counts[epoch]) == dict.fromkeys(users, batches)
