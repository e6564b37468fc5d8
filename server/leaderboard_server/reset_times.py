"""Times at which the seasons of a contest end, computed from its schedule.

Times of a schedule are local times of its zone. One that a change of the clocks skips is at the end
of the gap; of one that comes twice, the first counts.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from cronsim import CronSim, CronSimError

from leaderboard_server.domain import fields
from leaderboard_server.domain.errors import StoreCause, StoreUnavailable
from leaderboard_server.domain.seasons import ResetSchedule

_log = structlog.get_logger()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_MILLISECOND = timedelta(milliseconds=1)
_ANY_TIME = datetime(2000, 1, 1)  # noqa: DTZ001 - a local time
"""The start of the search for a time of an expression. An expression has no years, and the longest
pause of one that comes up again is 40 years: of a 29 February that has to be a Monday."""


def next_reset(schedule: ResetSchedule, after_ms: int) -> int | None:
    """Return the first time of a schedule that is after a time, both in ms since 1970.

    None if there is none within 50 years, or before the year 10000.

    Raises:
        StoreUnavailable: The zone is not known here: a server with later data has checked it.
    """
    zone = _zone(schedule.time_zone)
    if not zone:
        raise StoreUnavailable(StoreCause.NEWER_SCHEMA)
    try:
        after = _EPOCH + timedelta(milliseconds=after_ms)
        # cronsim is given times without a zone: with one, what it does at a change of the clocks
        # depends on whether minutes or hours begin with a star, and in zones that change by half
        # an hour it misses times.
        for local_time in _times_after(schedule.cron, after.astimezone(zone).replace(tzinfo=None)):
            time = _first_instant(local_time, zone)
            if time > after:  # not so in the hour that the clock shows for the second time
                return (time - _EPOCH) // _MILLISECOND
    except OverflowError:  # the calendar ends with the year 9999
        return None
    return None


def cron_problem(cron: str) -> str | None:
    """Check the expression of a schedule: return the problem, None if there is none."""
    if len(cron) > fields.MAX_CRON:
        return f"must have at most {fields.MAX_CRON} characters"
    if not fields.CRON.fullmatch(cron):
        return "must be a cron expression: five fields with one space between them"
    try:
        if next(_times_after(cron, _ANY_TIME), None) is None:
            return "must come up"
    except CronSimError as error:
        return f"must be a cron expression: {error}"
    return None


def time_zone_problem(name: str) -> str | None:
    """Check the time zone of a schedule: return the problem, None if there is none."""
    return None if name in _time_zones() else "must be a name in the IANA database"


@cache
def _zone(name: str) -> ZoneInfo | None:
    """Return a time zone; None for one that is not known here, which is logged once."""
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        _log.error("time_zone_unknown", time_zone=name)
        return None


def _times_after(cron: str, local_time: datetime) -> Iterator[datetime]:
    return CronSim(cron, local_time)


def _first_instant(local_time: datetime, zone: ZoneInfo) -> datetime:
    """Return when a clock first shows a local time or a later one."""
    while True:
        time = local_time.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if time.astimezone(zone).replace(tzinfo=None) == local_time:
            return time
        local_time += _MINUTE


@cache
def _time_zones() -> frozenset[str]:
    # The names of the package, as the system may have files that are no zones of the database.
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())
