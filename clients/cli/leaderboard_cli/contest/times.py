"""Times of a contest: how options give them, and how they are shown."""

import re

import typer
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from leaderboard_client.update_rules import MalformedFieldError, parse_time

_DURATION = re.compile(r"(\d{1,12})(ms|s|m|h|d)", re.ASCII)
_UNITS_MS = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_MAX_DURATION_MS = 36_525 * _UNITS_MS["d"]


def parse_option_time(option: str, text: str | None) -> Timestamp | None:
    """Return the time that an option gives, None without one; raise BadParameter if it is none."""
    if text is None:
        return None
    try:
        return parse_time(option, text)
    except MalformedFieldError as error:
        raise typer.BadParameter(str(error)) from None


def parse_duration(option: str, text: str | None) -> Duration | None:
    """Return the duration that an option gives, such as `30d`; None without one.

    Raises:
        BadParameter: The text is not a duration, or is beyond its bounds.
    """
    if text is None:
        return None
    match = _DURATION.fullmatch(text)
    if not match:
        raise typer.BadParameter(f"{option} {text!r} is not a duration like 90s, 15m, 12h or 30d")
    milliseconds = int(match[1]) * _UNITS_MS[match[2]]
    if not _UNITS_MS["s"] <= milliseconds <= _MAX_DURATION_MS:
        raise typer.BadParameter(f"{option} {text!r} is not from 1s to 36525d")
    duration = Duration()
    duration.FromMilliseconds(milliseconds)
    return duration


def format_duration(duration: Duration) -> str:
    """Return a duration as its option takes it, in the largest unit that has no fraction."""
    milliseconds = duration.ToMilliseconds()
    unit = next(unit for unit, size in _UNITS_MS.items() if milliseconds % size == 0)
    return f"{milliseconds // _UNITS_MS[unit]}{unit}"


def format_time(when: Timestamp) -> str:
    """Return a time as its option takes it."""
    return when.ToJsonString()
