"""Rules of the contract for the fields of an update, checked before sending."""

import re
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from leaderboard.v1 import leaderboard_pb2 as pb

MAX_POINTS = 2**53
"""The largest absolute value of points and scores."""

MAX_DISPLAY_NAME = 128
"""The largest number of code points of a display name."""

MODES = {
    "increment": pb.UPDATE_MODE_INCREMENT,
    "set": pb.UPDATE_MODE_SET,
    "best": pb.UPDATE_MODE_BEST,
}
"""The modes by their names for people."""

_CONTEST_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:-]{0,127}")
_USER_ID = re.compile(r"[!#-\[\]-~]{1,128}")
_EVENT_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_REQUEST_ID = re.compile(r"[!-~]{1,64}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_SECOND = -62_135_596_800  # 0001-01-01T00:00:00Z
_LAST_SECOND = 253_402_300_799  # 9999-12-31T23:59:59Z


class MalformedFieldError(ValueError):
    """A field breaks a rule of the contract; the text names the field and the rule."""


def check_contest_id(value: str) -> None:
    """Raise MalformedFieldError unless the value can be a `contest_id`."""
    _check_match("contest_id", value, _CONTEST_ID)


def check_user_id(value: str) -> None:
    """Raise MalformedFieldError unless the value can be a `user_id`."""
    if not value:
        raise MalformedFieldError("user_id is missing")
    if not _USER_ID.fullmatch(value):
        raise MalformedFieldError(
            f"user_id {shown(value)} is not 1 to 128 printable ASCII characters without space,"
            ' " and \\'
        )


def check_event_type(value: str) -> None:
    """Raise MalformedFieldError unless the value can be an `event_type`; it may be empty."""
    if value:
        _check_match("event_type", value, _EVENT_TYPE)


def check_request_id(value: str) -> None:
    """Raise MalformedFieldError unless the value can be a `request_id`; it may be empty."""
    if value and not _REQUEST_ID.fullmatch(value):
        raise MalformedFieldError(
            f"request_id {shown(value)} is not 1 to 64 printable ASCII characters without spaces"
        )


def check_display_name(value: str) -> None:
    """Raise MalformedFieldError unless the value can be a `display_name`; it may be empty."""
    if len(value) > MAX_DISPLAY_NAME:
        raise MalformedFieldError(
            f"display_name {shown(value)} is longer than {MAX_DISPLAY_NAME} code points"
        )
    if not value.isascii() or not value.isprintable():
        found = _UNPRINTABLE.search(value)
        if found:
            raise MalformedFieldError(
                f"display_name {shown(value)} holds the control character {found[0]!a}"
            )


def parse_integer(field: str, text: str) -> int:
    """Return the integer in a decimal text; raise MalformedFieldError if it is none."""
    if not _INTEGER.fullmatch(text):
        raise MalformedFieldError(f"{field} {shown(text)} is not an integer")
    return int(text)


def parse_points(text: str) -> int:
    """Return the points in a decimal text, from -2^53 to 2^53.

    Raises:
        MalformedFieldError: It is not an integer, or beyond the bounds.
    """
    points = parse_integer("points", text)
    if abs(points) > MAX_POINTS:
        raise MalformedFieldError(f"points {text} is beyond 2^53")
    return points


def parse_event_time(text: str) -> Timestamp:
    """Return the time of an event in an RFC 3339 text; see `parse_time`."""
    return parse_time("event_time", text)


def parse_time(field: str, text: str) -> Timestamp:
    """Return the time in an RFC 3339 text, exact to the nanosecond.

    Args:
        field: The name of the field or option, for the error.

        text: The text.

    Raises:
        MalformedFieldError: It is not an RFC 3339 time with an offset, in the years 1 to 9999.
    """
    match = _RFC3339.fullmatch(text)
    try:
        if not match:
            raise ValueError  # noqa: TRY301 (handled like days that no calendar has)
        when = datetime.fromisoformat(match[1].upper() + match[3].upper())
    except ValueError:
        raise MalformedFieldError(
            f"{field} {shown(text)} is not a time like 2026-06-11T20:15:00Z"
        ) from None
    since = when - _EPOCH
    seconds = since.days * 86_400 + since.seconds
    if not _FIRST_SECOND <= seconds <= _LAST_SECOND:
        raise MalformedFieldError(f"{field} {shown(text)} is not in the years 1 to 9999 in UTC")
    return Timestamp(seconds=seconds, nanos=int((match[2] or "0").ljust(9, "0")))


def parse_mode(name: str) -> pb.UpdateMode:
    """Return the mode of a name; an empty one is the default mode.

    Raises:
        MalformedFieldError: It names no mode.
    """
    if not name:
        return pb.UPDATE_MODE_UNSPECIFIED
    if name not in MODES:
        raise MalformedFieldError(f"mode {shown(name)} is not one of {', '.join(MODES)}")
    return MODES[name]


def shown(value: object, longest: int = 60) -> str:
    """Return a value as an error may show it: quoted, escaped and not too long."""
    text = ascii(value) if isinstance(value, str) and _UNPRINTABLE.search(value) else repr(value)
    return text if len(text) <= longest else text[: longest - 4] + "..." + text[-1]


def _check_match(field: str, value: str, pattern: re.Pattern[str]) -> None:
    if not value:
        raise MalformedFieldError(f"{field} is missing")
    if not pattern.fullmatch(value):
        raise MalformedFieldError(f"{field} {shown(value)} does not match {pattern.pattern}")
