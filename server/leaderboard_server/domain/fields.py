"""Checks of request fields: the only place that defines their alphabet, length and range.

Each check returns the problem as a phrase, or None.
"""

import re
import unicodedata

CONTEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
USER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}")
EVENT_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
REQUEST_ID = re.compile(r"[!-~]{1,64}")
EPOCH = re.compile(r"[A-Za-z0-9_-]{0,64}")

MAX_DISPLAY_NAME = 128
"""In code points."""

_NO_NAME_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, surrogates and line breaks: they garble terminals and logs."""

MIN_EVENT_TIME_S = -62_135_596_800
"""0001-01-01T00:00:00Z, the earliest that google.protobuf.Timestamp holds."""
MAX_EVENT_TIME_S = 253_402_300_799
"""9999-12-31T23:59:59Z, the latest that google.protobuf.Timestamp holds."""


def matches(pattern: re.Pattern[str], value: str) -> str | None:
    """Check a required text against the alphabet and length of a pattern."""
    if pattern.fullmatch(value):
        return None
    return f"must match {pattern.pattern}" if value else "must not be empty"


def matches_if_set(pattern: re.Pattern[str], value: str) -> str | None:
    """Check an optional text against the alphabet and length of a pattern."""
    if value and not pattern.fullmatch(value):
        return f"must match {pattern.pattern}"
    return None


def display_name(value: str) -> str | None:
    """Check a display name."""
    if len(value) > MAX_DISPLAY_NAME:
        return f"must have at most {MAX_DISPLAY_NAME} code points"
    if value.isprintable():
        return None
    if any(unicodedata.category(character) in _NO_NAME_CATEGORIES for character in value):
        return "must not hold control characters or line breaks"
    return None


def within(value: int, lowest: int, highest: int) -> str | None:
    """Check a number against its inclusive bounds."""
    if not lowest <= value <= highest:
        return f"must be from {lowest} to {highest}"
    return None
