"""Checks, decodes and encodes the settings of a contest's seasons."""

from collections.abc import Iterator

from leaderboard.v1 import contests_pb2 as pb
from leaderboard_server.domain import fields
from leaderboard_server.domain.contest import Contest
from leaderboard_server.domain.seasons import MAX_KEPT, ResetSchedule
from leaderboard_server.reset_times import cron_problem, time_zone_problem
from leaderboard_server.transport.life import put_time
from leaderboard_server.transport.violations import Problem

DEFAULT_TIME_ZONE = "UTC"


def season_settings_problems(path: str, contest: pb.Contest) -> Iterator[Problem]:
    """Check the settings that are set, one by one."""
    if contest.HasField("reset_schedule"):
        schedule, schedule_path = contest.reset_schedule, f"{path}.reset_schedule"
        yield f"{schedule_path}.cron", cron_problem(schedule.cron)
        if schedule.time_zone:
            yield f"{schedule_path}.time_zone", time_zone_problem(schedule.time_zone)
    if contest.HasField("keep_seasons"):
        yield f"{path}.keep_seasons", fields.within(contest.keep_seasons, 0, MAX_KEPT)


def checked_schedule(contest: pb.Contest) -> ResetSchedule | None:
    """Return the schedule of a checked contest."""
    if not contest.HasField("reset_schedule"):
        return None
    schedule = contest.reset_schedule
    return ResetSchedule(schedule.cron, schedule.time_zone or DEFAULT_TIME_ZONE)


def checked_keep_seasons(contest: pb.Contest) -> int | None:
    """Return how many seasons a checked contest keeps."""
    return contest.keep_seasons if contest.HasField("keep_seasons") else None


def put_seasons(target: pb.Contest, contest: Contest) -> None:
    """Fill in the settings that are set, the current season, and when it ends by the schedule."""
    schedule, keep_seasons = contest.settings.reset_schedule, contest.settings.keep_seasons
    if schedule is not None:
        target.reset_schedule.cron, target.reset_schedule.time_zone = schedule
    if keep_seasons is not None:
        target.keep_seasons = keep_seasons
    target.season = contest.season
    if contest.next_reset_at_ms is not None:
        put_time(target.next_reset_at, contest.next_reset_at_ms)
