"""Schedules of resets: how options give them, and how they are shown."""

from collections.abc import Iterable

import typer

from leaderboard.v1.contests_pb2 import ResetSchedule

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PRESETS = {
    "daily": "0 0 * * *",
    **{f"weekly:{day}": f"0 0 * * {day.upper()}" for day in _DAYS},
    "monthly": "0 0 1 * *",
    "yearly": "0 0 1 1 *",
}
"""The cron expressions of the schedules that have a name: at midnight of the time zone."""

_NAMES = {cron: name for name, cron in _PRESETS.items()}
_CRON_FIELDS = 5
_UTC = "UTC"


def parse_schedule(reset: str | None, time_zone: str | None) -> ResetSchedule | None:
    """Return the schedule that two options give, None without one.

    Args:
        reset: A name, or a cron expression of five fields, which the service checks.

        time_zone: The time zone, which the service checks too. Default: UTC.

    Raises:
        BadParameter: It is no schedule, or there is a time zone alone.
    """
    if reset is None:
        if time_zone is not None:
            raise typer.BadParameter("--time-zone goes with --reset")
        return None
    cron = _PRESETS.get(reset, reset)
    if len(cron.split()) != _CRON_FIELDS:
        raise typer.BadParameter(
            f"--reset {reset!r} is not daily, weekly:mon, monthly, yearly or a cron expression of "
            f"{_CRON_FIELDS} fields"
        )
    if time_zone == "":  # a variable of a script that is not set
        raise typer.BadParameter("--time-zone is empty")
    return ResetSchedule(cron=cron, time_zone=time_zone or _UTC)


def complete_schedule(incomplete: str) -> Iterable[str]:
    """Yield the names of schedules that begin with what was typed."""
    return [name for name in _PRESETS if name.startswith(incomplete)]


def format_schedule(schedule: ResetSchedule) -> str:
    """Return a schedule for people: `weekly:mon (Europe/Berlin)`."""
    return f"{_NAMES.get(schedule.cron, schedule.cron)} ({schedule.time_zone or _UTC})"
