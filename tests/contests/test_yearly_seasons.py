"""Real goals in one contest with a season each year: every year has its own top scorers.

The clock of the store shows the time of each goal, 400 years later: the calendar is the same then.
Own goals are not in the file.
"""

import contextlib
import csv
import itertools
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from contests.seasonal import CONTEST, create, seasons, timestamp, to_ms
from harness.calls import DEADLINE_S
from harness.cluster_store import Store
from harness.local_server import LocalServer, local_server
from harness.store_clock import StoreClock, store_clock_in_use
from harness.watcher import Watcher
from leaderboard.v1 import leaderboard_pb2 as pb
from model.test_international_goals import EVENTS

YEARS_LATER = 400
MOST_USERS = 1_000

pytestmark = [
    pytest.mark.skipif(not EVENTS.exists(), reason=f"there are no score events at {EVENTS}"),
    pytest.mark.timeout(900),
]


class Goal(NamedTuple):
    """A goal, at a time in ms since 1970."""

    year: int
    time_ms: int
    user_id: str
    points: int
    display_name: str


def read_goals(until_year: int) -> Iterator[Goal]:
    """Yield the goals before a year, in their order, at times of 400 years later."""
    with EVENTS.open(newline="", encoding="utf-8") as file:
        for goal in csv.DictReader(file):
            year, rest = int(goal["event_time"][:4]), goal["event_time"][4:].removesuffix("Z")
            if year >= until_year:
                return
            time_ms = to_ms(f"{year + YEARS_LATER}{rest}")
            yield Goal(year, time_ms, goal["user_id"], int(goal["points"]), goal["display_name"])


Row = tuple[str, int, str]


def top_scorers(goals: list[Goal]) -> list[Row]:
    """Compute the board of one year; of equal scores the one reached first ranks higher."""
    scores: Counter[str] = Counter()
    reached: dict[str, int] = {}
    names: dict[str, str] = {}
    for number, goal in enumerate(goals):
        scores[goal.user_id] += goal.points
        reached[goal.user_id] = number
        names[goal.user_id] = goal.display_name
    order = sorted(scores, key=lambda user: (-scores[user], reached[user]))
    return [(user, scores[user], names[user]) for user in order]


async def board(server: LocalServer, season: int) -> list[Row]:
    """Read all rows of a season."""
    rows: list[Row] = []
    while True:
        request = pb.GetTopUsersRequest(
            contest_id=CONTEST, limit=MOST_USERS, start_rank=len(rows) + 1, season=season
        )
        page = await server.stub.GetTopUsers(request, timeout=DEADLINE_S)
        assert [user.rank for user in page.users] == [
            len(rows) + n for n in range(1, len(page.users) + 1)
        ]
        rows += ((user.user_id, user.score, user.display_name) for user in page.users)
        if len(page.users) < MOST_USERS:
            assert page.total_users == len(rows)
            return rows


async def test_the_first_years_have_their_top_scorers(own_store: Store) -> None:
    """Ties included; years without a goal are no seasons; a watcher gets each season once."""
    await compare_years(own_store, until_year=1927)


@pytest.mark.slow
@pytest.mark.usefixtures("on_each_listener")
async def test_each_year_has_its_top_scorers(own_store: Store) -> None:
    """So it is with all goals, on each listener."""
    await compare_years(own_store, until_year=3000)


async def compare_years(store: Store, until_year: int) -> None:
    """Send the goals before a year through two servers; compare the seasons with the file."""
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(store_clock_in_use())
        clock = stack.enter_context(StoreClock(store.url))
        servers = [await stack.enter_async_context(local_server(store.url)) for _ in range(2)]
        watch = await stack.enter_async_context(Watcher(CONTEST))
        await send_and_compare(servers, clock, watch, until_year)


async def send_and_compare(
    servers: list[LocalServer], clock: StoreClock, watch: Watcher, until_year: int
) -> None:
    """Send each goal at its time."""
    years = [
        (year, list(goals))
        for year, goals in itertools.groupby(read_goals(until_year), lambda goal: goal.year)
    ]
    clock.set(years[0][1][0].time_ms - 1)
    await create(servers[0].contests, cron="0 0 1 1 *", keep_seasons=1_000)
    await watch.open(servers[1].stub)
    line = itertools.count()
    for season, (_, goals) in enumerate(years, start=1):
        for goal in goals:
            clock.set(goal.time_ms)
            number = next(line)
            request = pb.UpdateScoreRequest(
                contest_id=CONTEST,
                user_id=goal.user_id,
                points=goal.points,
                display_name=goal.display_name,
                request_id=f"line-{number}",
                season=season,
            )
            await servers[number % 2].stub.UpdateScore(request, timeout=DEADLINE_S)

    found = (await seasons(servers[0].contests))[::-1]
    assert [season.number for season in found] == list(range(1, len(years) + 1))
    for each, (year, goals) in zip(found, years, strict=True):
        if each is not found[-1]:
            assert each.ended_at == timestamp(to_ms(f"{year + YEARS_LATER + 1}-01-01T00:00"))
        assert each.total_users == len({goal.user_id for goal in goals})
        assert await board(servers[each.number % 2], each.number) == top_scorers(goals)
    await watch.until(
        lambda: watch.checker.seasons.current == len(years), "the last season", within=30.0
    )
    await watch.hang_up()
    begun = watch.checker.seasons.begun
    assert begun == sorted(set(begun))
    assert set(watch.checker.reasons) == {"INITIAL", "NEW_SEASON"}
