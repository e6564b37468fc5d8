"""Times at which seasons end: calendars, changes of the clocks, and texts that are no schedules."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leaderboard_server.domain.errors import StoreCause, StoreUnavailable
from leaderboard_server.domain.seasons import ResetSchedule
from leaderboard_server.reset_times import cron_problem, next_reset, time_zone_problem

DAILY = "0 0 * * *"
WEEKLY = "0 0 * * MON"
MONTHLY = "0 0 1 * *"
YEARLY = "0 0 1 1 *"
MINUTE = timedelta(minutes=1)


def ms(time: str | datetime) -> int:
    """Return a time with an offset in milliseconds since 1970."""
    at = datetime.fromisoformat(time) if isinstance(time, str) else time
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def resets(cron: str, zone: str, after: str, count: int) -> list[str]:
    """Return the next times of a schedule, as clocks of the zone show them."""
    schedule, time_ms, times = ResetSchedule(cron, zone), ms(after), []
    for _ in range(count):
        found = next_reset(schedule, time_ms)
        assert found is not None
        assert found > time_ms
        time_ms = found
        local = datetime.fromtimestamp(time_ms / 1_000, ZoneInfo(zone))
        times.append(local.isoformat(timespec="minutes"))
    return times


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        pytest.param(
            MONTHLY,
            "UTC",
            "2026-11-30T23:59:59.999+00:00",
            ["2026-12-01T00:00+00:00", "2027-01-01T00:00+00:00", "2027-02-01T00:00+00:00"],
            id="month-ends",
        ),
        pytest.param(
            "30 23 L * *",
            "UTC",
            "2027-12-31T23:30+00:00",
            ["2028-01-31T23:30+00:00", "2028-02-29T23:30+00:00", "2028-03-31T23:30+00:00"],
            id="last-days",
        ),
        pytest.param(
            "0 0 31 * *",
            "UTC",
            "2027-01-01T00:00+00:00",
            ["2027-01-31T00:00+00:00", "2027-03-31T00:00+00:00", "2027-05-31T00:00+00:00"],
            id="months-without-the-day",
        ),
        pytest.param(
            "0 0 29 2 *",
            "UTC",
            "2024-02-29T00:00+00:00",
            ["2028-02-29T00:00+00:00", "2032-02-29T00:00+00:00"],
            id="leap-day",
        ),
        pytest.param(
            "0 0 29 2 *",
            "UTC",
            "2096-02-29T00:00+00:00",
            ["2104-02-29T00:00+00:00"],
            id="no-leap-day-in-2100",
        ),
        pytest.param(
            "0 0 29 2 *",
            "UTC",
            "2296-03-01T00:00+00:00",
            ["2304-02-29T00:00+00:00"],
            id="no-leap-day-in-2300",
        ),
        pytest.param(
            "0 0 29 2 *",
            "UTC",
            "2396-03-01T00:00+00:00",
            ["2400-02-29T00:00+00:00", "2404-02-29T00:00+00:00"],
            id="leap-day-in-2400",
        ),
        pytest.param(
            "0 0 * 2 MON#5",
            "UTC",
            "2072-02-29T00:00+00:00",
            ["2112-02-29T00:00+00:00"],
            id="longest-pause",
        ),
        pytest.param(
            WEEKLY,
            "UTC",
            "2026-12-28T00:00+00:00",
            ["2027-01-04T00:00+00:00", "2027-01-11T00:00+00:00"],
            id="the-very-instant",
        ),
        pytest.param(
            WEEKLY,
            "UTC",
            "2026-12-27T23:59:59.999+00:00",
            ["2026-12-28T00:00+00:00"],
            id="a-millisecond-before",
        ),
        pytest.param(
            "30 2 * * *",
            "Europe/Berlin",
            "2026-03-28T02:00+01:00",
            ["2026-03-28T02:30+01:00", "2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"],
            id="Berlin-skipped",
        ),
        pytest.param(
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-24T03:00+02:00",
            ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"],
            id="Berlin-twice",
        ),
        pytest.param(
            "30,45 2 * * *",
            "Europe/Berlin",
            "2026-10-25T02:20+01:00",
            ["2026-10-26T02:30+01:00", "2026-10-26T02:45+01:00"],
            id="Berlin-the-second-time",
        ),
        pytest.param(
            "0 * * * *",
            "Europe/Berlin",
            "2026-10-25T01:30+02:00",
            ["2026-10-25T02:00+02:00", "2026-10-25T03:00+01:00", "2026-10-25T04:00+01:00"],
            id="Berlin-hourly-back",
        ),
        pytest.param(
            "*/30 * * * *",
            "Europe/Berlin",
            "2026-03-29T01:00+01:00",
            ["2026-03-29T01:30+01:00", "2026-03-29T03:00+02:00", "2026-03-29T03:30+02:00"],
            id="Berlin-half-hours-forward",
        ),
        pytest.param(
            "0 2 * * SUN",
            "America/New_York",
            "2026-03-07T00:00-05:00",
            ["2026-03-08T03:00-04:00", "2026-03-15T02:00-04:00"],
            id="New-York-skipped",
        ),
        pytest.param(
            "0 1 * * SUN",
            "America/New_York",
            "2026-10-31T00:00-04:00",
            ["2026-11-01T01:00-04:00", "2026-11-08T01:00-05:00"],
            id="New-York-twice",
        ),
        pytest.param(
            DAILY,
            "Africa/Cairo",
            "2026-04-23T12:00+02:00",
            ["2026-04-24T01:00+03:00", "2026-04-25T00:00+03:00"],
            id="Cairo-midnight-skipped",
        ),
        pytest.param(
            "30 23 * * *",
            "Africa/Cairo",
            "2026-10-29T12:00+03:00",
            ["2026-10-29T23:30+03:00", "2026-10-30T23:30+02:00"],
            id="Cairo-last-hour-twice",
        ),
        pytest.param(
            DAILY,
            "Asia/Beirut",
            "2026-03-28T12:00+02:00",
            ["2026-03-29T01:00+03:00", "2026-03-30T00:00+03:00"],
            id="Beirut-midnight-skipped",
        ),
        pytest.param(
            DAILY,
            "Asia/Beirut",
            "2026-10-24T12:00+03:00",
            ["2026-10-25T00:00+02:00", "2026-10-26T00:00+02:00"],
            id="Beirut-hour-before-midnight-twice",
        ),
        pytest.param(
            "0 12 * * *",
            "Pacific/Apia",
            "2011-12-29T00:00-10:00",
            ["2011-12-29T12:00-10:00", "2011-12-31T00:00+14:00", "2011-12-31T12:00+14:00"],
            id="Apia-missing-day",
        ),
        pytest.param(
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-03T12:00+10:30",
            ["2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"],
            id="Lord-Howe-half-an-hour-skipped",
        ),
        pytest.param(
            "*/15 5 * * *",
            "Australia/Lord_Howe",
            "2026-04-05T00:00+11:00",
            ["2026-04-05T05:00+10:30", "2026-04-05T05:15+10:30"],
            id="Lord-Howe-after-half-an-hour-twice",
        ),
        pytest.param(
            MONTHLY,
            "Asia/Kathmandu",
            "2026-11-30T12:00+05:45",
            ["2026-12-01T00:00+05:45"],
            id="quarter-hours",
        ),
    ],
)
def test_times_of_a_schedule(cron: str, zone: str, after: str, expected: list[str]) -> None:
    """Times are those of the calendar and of the clocks of the zone, each once."""
    assert cron_problem(cron) is None
    assert time_zone_problem(zone) is None
    assert resets(cron, zone, after, len(expected)) == expected


@pytest.mark.parametrize(("zone", "offset"), [("UTC", "+00:00"), ("Europe/London", "+00:00")])
def test_years_of_later_centuries(zone: str, offset: str) -> None:
    """Yearly seasons end at each new year, centuries ahead too."""
    expected = [f"{year}-01-01T00:00{offset}" for year in range(2272, 2425)]
    assert resets(YEARLY, zone, "2271-06-01T00:00+00:00", len(expected)) == expected


def test_the_end_of_the_calendar() -> None:
    """After the last time that the calendar has there is none, whatever the zone."""
    for zone in ("UTC", "Europe/Berlin", "America/New_York"):
        assert next_reset(ResetSchedule(YEARLY, zone), ms("9999-12-31T12:00+00:00")) is None
        assert next_reset(ResetSchedule(YEARLY, zone), 10**17) is None


class Fields(NamedTuple):
    """A schedule as sets of numbers, None for all."""

    minutes: frozenset[int] | None
    hours: frozenset[int] | None
    days: frozenset[int] | None
    weekdays: frozenset[int] | None

    @property
    def cron(self) -> str:
        """The expression."""
        minutes, hours, days, weekdays = (
            "*" if numbers is None else ",".join(map(str, sorted(numbers))) for numbers in self
        )
        return f"{minutes} {hours} {days} * {weekdays}"

    def matches(self, time: datetime) -> bool:
        """Return whether a local time is one of the schedule."""
        minutes, hours, days, weekdays = self
        if minutes is not None and time.minute not in minutes:
            return False
        if hours is not None and time.hour not in hours:
            return False
        on_day = days is not None and time.day in days
        on_weekday = weekdays is not None and time.isoweekday() % 7 in weekdays
        if days is None and weekdays is None:
            return True
        return on_day or on_weekday


def walked(fields: Fields, zone: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the minutes at which a clock first shows a time of the schedule, or passes it."""
    clock = ZoneInfo(zone)
    time, shown = start, start.astimezone(clock).replace(tzinfo=None)
    while time < end:
        time += MINUTE
        local = time.astimezone(clock).replace(tzinfo=None)
        reached = False
        while shown < local:
            shown += MINUTE
            reached = reached or fields.matches(shown)
        if reached:
            yield time


def some(lowest: int, highest: int) -> st.SearchStrategy[frozenset[int] | None]:
    """A field of a schedule."""
    return st.none() | st.frozensets(st.integers(lowest, highest), min_size=1, max_size=4)


CHANGES = [
    ("UTC", "2026-12-31T12:00+00:00"),
    ("Europe/Berlin", "2026-03-29T01:00+00:00"),
    ("Europe/Berlin", "2026-10-25T01:00+00:00"),
    ("America/New_York", "2026-03-08T07:00+00:00"),
    ("America/New_York", "2026-11-01T06:00+00:00"),
    ("Africa/Cairo", "2026-04-23T22:00+00:00"),
    ("Africa/Cairo", "2026-10-29T21:00+00:00"),
    ("Asia/Beirut", "2026-03-28T22:00+00:00"),
    ("Asia/Beirut", "2026-10-24T21:00+00:00"),
    ("Pacific/Apia", "2011-12-30T10:00+00:00"),
    ("Australia/Lord_Howe", "2026-04-04T15:00+00:00"),
    ("Australia/Lord_Howe", "2026-10-03T15:30+00:00"),
]
"""Zones, and when their clocks change."""


@given(
    fields=st.builds(Fields, some(0, 59), some(0, 23), some(1, 31), some(0, 6)),
    change=st.sampled_from(CHANGES),
    after_minutes=st.integers(-26 * 60, 6 * 60),
    milliseconds=st.sampled_from([0, 1, 59_999]),
)
@settings(max_examples=150, deadline=None)
@example(Fields(frozenset({30}), frozenset({2}), None, None), CHANGES[2], 40, 0)
@example(Fields(None, frozenset({1, 2}), None, None), CHANGES[10], -1, 1)
def test_the_times_are_those_of_a_clock_that_is_watched(
    fields: Fields, change: tuple[str, str], after_minutes: int, milliseconds: int
) -> None:
    """Times are strictly rising and after the given one, and as a walk over all minutes finds."""
    zone, changed = change
    after = datetime.fromisoformat(changed) + MINUTE * after_minutes
    end = after + timedelta(hours=30)
    after_ms = ms(after) + milliseconds
    # The walk begins a day before, so that it knows what the clock has shown already.
    minutes = walked(fields, zone, after - timedelta(days=1), end)
    expected = [ms(minute) for minute in minutes if ms(minute) > after_ms][:40]

    schedule, at = ResetSchedule(fields.cron, zone), after_ms
    found: list[int] = []
    while len(found) < len(expected):
        later = next_reset(schedule, at)
        assert later is not None
        found.append(later)
        at = later

    assert found == expected
    if len(expected) < 40:
        later = next_reset(schedule, at)
        assert later is None or later > ms(end)


@pytest.mark.parametrize(
    ("cron", "problem"),
    [
        ("", "five fields"),
        ("0 0 * *", "five fields"),
        ("0 0 0 * * *", "five fields"),
        ("@weekly", "five fields"),
        (" 0 0 * * *", "five fields"),
        ("0  0 * * *", "five fields"),
        ("0\t0 * * *", "five fields"),
        ("0 0 * * *\n", "five fields"),
        ("0 0 * * ٣", "five fields"),
        ("0 0 ? * *", "five fields"),
        ("60 0 * * *", "Bad minute"),
        ("0 24 * * *", "Bad hour"),
        ("0 0 0 * *", "Bad day-of-month"),
        ("0 0 * 13 *", "Bad month"),
        ("0 0 * * 8", "Bad day-of-week"),
        ("0 0 * * MON#6", "Bad day-of-week"),
        ("*/0 0 * * *", "Bad minute"),
        ("5-1 0 * * *", "Bad minute"),
        ("0 0 30 2 *", "Bad day-of-month"),
        ("* * */20 * 1L", "must come up"),
        ("0,0 " * 25 + "*", "at most 100 characters"),
        ("0" * 96 + " 0 * * *", "at most 100 characters"),
    ],
)
def test_texts_that_are_no_schedules(cron: str, problem: str) -> None:
    """The problem of an expression is named."""
    found = cron_problem(cron)
    assert found is not None
    assert problem in found


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Europe",
        "America",
        "America/Argentina",
        "europe/berlin",
        "Europe/Berlin ",
        "Europe/../Europe/Berlin",
        "../x",
        "../../etc/passwd",
        "/etc/localtime",
        "/usr/share/zoneinfo/Europe/Berlin",
        "posix/Europe/Berlin",
        "right/Europe/Berlin",
        "localtime",
        "posixrules",
        "tzdata.zi",
        "zone.tab",
        "Europe/Berlin\0",
        "Mars/Olympus",
        "CET-1CEST",
        "a" * 5_000,
        "\ud800",
    ],
)
def test_names_that_are_no_time_zones(name: str) -> None:
    """Paths, folders, other files and unknown names are no time zones."""
    assert time_zone_problem(name) is not None


def test_time_zone_of_later_data() -> None:
    """A server that does not know it can't serve the contest, as one of a later schema."""
    with pytest.raises(StoreUnavailable) as failure:
        next_reset(ResetSchedule(DAILY, "Mars/Olympus_Mons"), 0)
    assert failure.value.cause is StoreCause.NEWER_SCHEMA


TOKENS = st.sampled_from(
    ["0", "1", "5", "29", "31", "99", "*", "/", "-", ",", "#", "L", "LW", "MON", "feb", "9" * 20]
)


@given(
    st.text(max_size=120)
    | st.lists(st.lists(TOKENS, min_size=1, max_size=6).map("".join), min_size=4, max_size=6).map(
        " ".join
    )
)
@settings(max_examples=400, deadline=None)
def test_any_text_is_checked(cron: str) -> None:
    """A check never fails, whatever the text; an expression without a problem has a next time."""
    time_zone_problem(cron)
    if cron_problem(cron) is None:
        now = ms("2026-11-29T12:00+00:00")
        later = next_reset(ResetSchedule(cron, "Australia/Lord_Howe"), now)
        assert later is not None
        assert later > now
