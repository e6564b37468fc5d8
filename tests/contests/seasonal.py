"""A contest with seasons, on servers in this process: what tests write to it and read of it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from harness.calls import DEADLINE_S
from harness.local_server import LocalServer
from harness.store_clock import StoreClock
from harness.waiting import eventually
from harness.watcher import Watcher
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.contests_pb2_grpc import ContestServiceStub
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

CONTEST = "cup"
MINUTE_MS = 60_000
MINUTES = "* * * * *"
BEGIN_MS = 1_800_000_000_000
"""The time at which tests begin: a full hour of 2027, long before which nothing ends."""
SCOPES = (pb.WATCH_SCOPE_TOP, pb.WATCH_SCOPE_ALL, pb.WATCH_SCOPE_USERS)
WATCHED = ("ada", "bo")


def to_ms(text: str) -> int:
    """Return a time in ISO 8601, of UTC, in ms since 1970."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000)


def timestamp(ms: int) -> Timestamp:
    """Return a time in ms since 1970 as a message."""
    stamp = Timestamp()
    stamp.FromMilliseconds(ms)
    return stamp


async def create(
    service: ContestServiceStub,
    contest_id: str = CONTEST,
    *,
    cron: str = MINUTES,
    time_zone: str = "UTC",
    **settings: object,
) -> contests.Contest:
    """Create a contest whose seasons end by a schedule."""
    schedule = contests.ResetSchedule(cron=cron, time_zone=time_zone)
    contest = contests.Contest(contest_id=contest_id, reset_schedule=schedule)
    contest.MergeFrom(contests.Contest(**settings))  # type: ignore[arg-type]
    request = contests.CreateContestRequest(contest=contest)
    response: contests.CreateContestResponse = await service.CreateContest(
        request, timeout=DEADLINE_S
    )
    return response.contest


async def read(service: ContestServiceStub, contest_id: str = CONTEST) -> contests.Contest:
    """Read the contest."""
    request = contests.GetContestRequest(contest_id=contest_id)
    response: contests.GetContestResponse = await service.GetContest(request, timeout=DEADLINE_S)
    return response.contest


async def seasons(
    service: ContestServiceStub, contest_id: str = CONTEST, *, page_size: int = 1_000
) -> list[contests.Season]:
    """Return all seasons, the latest first."""
    found: list[contests.Season] = []
    request = contests.ListSeasonsRequest(contest_id=contest_id, page_size=page_size)
    while True:
        page = await service.ListSeasons(request, timeout=DEADLINE_S)
        found += page.seasons
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


async def scores(
    stub: LeaderboardServiceStub, season: int = 0, contest_id: str = CONTEST
) -> dict[str, int]:
    """Return the scores of a season of few users."""
    request = pb.GetTopUsersRequest(contest_id=contest_id, limit=1_000, season=season)
    answer = await stub.GetTopUsers(request, timeout=DEADLINE_S)
    return {user.user_id: user.score for user in answer.users}


async def scores_by_season(
    server: LocalServer, contest_id: str = CONTEST
) -> dict[int, dict[str, int]]:
    """Return the scores of each season that there is."""
    numbers = [season.number for season in await seasons(server.contests, contest_id)]
    return {number: await scores(server.stub, number, contest_id) for number in sorted(numbers)}


def stand_before_boundary(clock: StoreClock, ms: int) -> int:
    """Set the clock to so many ms before a full minute, until the test runs it; return that minute.

    Servers sleep that long before they read a contest of which they know that its season ends then.
    """
    boundary = BEGIN_MS + 10 * MINUTE_MS
    clock.set(boundary - ms)
    return boundary


async def passed(clock: StoreClock, moment_ms: int) -> None:
    """Wait until the store's clock has passed a moment."""
    await eventually(lambda: clock.read() >= moment_ms, f"{moment_ms} by the clock of the store")


def watchers(contest_id: str = CONTEST) -> list[Watcher]:
    """Return a watcher of each scope."""
    return [
        Watcher(
            contest_id,
            scope=scope,
            limit=1_000 if scope == pb.WATCH_SCOPE_ALL else 10,
            user_ids=WATCHED if scope == pb.WATCH_SCOPE_USERS else (),
        )
        for scope in SCOPES
    ]


async def all_begun(watches: Sequence[Watcher], season: int, *, within: float = 10.0) -> None:
    """Wait until each watcher was sent the begin of a season."""
    for watch in watches:
        await watch.until(
            lambda: watch.checker.seasons.current == season,  # noqa: B023 - awaited within the loop
            f"season {season}",
            within,
        )
