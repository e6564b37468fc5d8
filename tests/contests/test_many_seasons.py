"""Many contests whose seasons end at the same moment, each watched through one of two servers."""

import asyncio
import contextlib

import pytest

from contests.seasonal import (
    MINUTE_MS,
    MINUTES,
    all_begun,
    create,
    scores_by_season,
    seasons,
    stand_before_boundary,
    timestamp,
)
from harness.calls import DEADLINE_S, add
from harness.local_server import LocalServer
from harness.store_clock import StoreClock
from harness.watcher import Watcher
from leaderboard.v1 import contests_pb2 as contests


@pytest.mark.parametrize("count", [30, pytest.param(1_000, marks=pytest.mark.slow)])
@pytest.mark.timeout(300)
async def test_each_watched_contest_ends_its_season_by_itself(
    servers: tuple[LocalServer, LocalServer], clock: StoreClock, count: int
) -> None:
    """Every watcher gets its next season, without a call."""
    watches = {f"cup-{number}": Watcher(f"cup-{number}") for number in range(count)}
    async with contextlib.AsyncExitStack() as stack:
        for number, (name, watch) in enumerate(watches.items()):
            await add(servers[0].stub, name, "ada", 1)
            await stack.enter_async_context(watch)
            await watch.open(servers[number % 2].stub)
        boundary = stand_before_boundary(clock, 1_000)
        for number, name in enumerate(watches):
            await end_by_the_minute(servers[number % 2], name)
        clock.run()
        await all_begun([*watches.values()], 2, within=60.0)
    print(f"{clock.read() - boundary} ms after the boundary", end=" ")  # noqa: T201
    for name, watch in watches.items():
        assert watch.checker.reasons == {"INITIAL": 1, "CONTEST_UPDATED": 1, "NEW_SEASON": 1}
        current, _ = await seasons(servers[0].contests, name)
        assert current.started_at == timestamp(boundary)


async def end_by_the_minute(server: LocalServer, name: str) -> None:
    """Give a contest its schedule."""
    schedule = contests.ResetSchedule(cron=MINUTES)
    contest = contests.Contest(contest_id=name, reset_schedule=schedule)
    request = contests.UpdateContestRequest(contest=contest)
    request.update_mask.paths.append("reset_schedule")
    await server.contests.UpdateContest(request, timeout=DEADLINE_S)


async def test_a_list_of_contests_ends_the_seasons_that_are_due(
    servers: tuple[LocalServer, LocalServer], clock: StoreClock
) -> None:
    """Through two servers at once, each season is ended once."""
    names = [f"cup-{number:03}" for number in range(30)]
    for name in names:
        await create(servers[0].contests, name)
        await add(servers[0].stub, name, "ada", 1)
    clock.advance(MINUTE_MS)

    async def listed(server: LocalServer) -> list[int]:
        request = contests.ListContestsRequest(page_size=1_000)
        answer = await server.contests.ListContests(request, timeout=DEADLINE_S)
        return [contest.season for contest in answer.contests]

    answers = await asyncio.gather(*(listed(server) for server in (*servers, *servers)))
    assert answers == [[2] * len(names)] * 4
    for name in names[:10]:
        assert await scores_by_season(servers[1], name) == {1: {"ada": 1}, 2: {}}


async def test_resets_through_two_servers_end_one_season_each(
    servers: tuple[LocalServer, LocalServer], clock: StoreClock
) -> None:
    """Though many callers name the same season, while it is due by the schedule too."""
    await create(servers[0].contests, keep_seasons=1_000)
    for season in range(1, 21):
        await add(servers[season % 2].stub, "cup", "ada", season)
        if season % 3 == 0:
            clock.advance(MINUTE_MS)
        request = contests.ResetContestRequest(contest_id="cup", season=season)
        answers = await asyncio.gather(
            *(
                server.contests.ResetContest(request, timeout=DEADLINE_S)
                for server in (*servers, *servers)
            )
        )
        assert {answer.contest.season for answer in answers} == {season + 1}
    expected = {season: {"ada": season} for season in range(1, 21)}
    assert await scores_by_season(servers[0]) == {**expected, 21: {}}
