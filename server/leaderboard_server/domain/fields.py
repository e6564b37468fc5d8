"""Checks of request fields: the only place that defines their alphabet, length and range.

Each check returns the problem as a phrase, or None.
"""

import re
import unicodedata

CONTEST_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:-]{0,127}")
CONTEST_ID_PREFIX = re.compile(r"([A-Za-z0-9_][A-Za-z0-9._:-]{0,127})?")
USER_ID = re.compile(r"[!#-\[\]-~]{1,128}")
"""Printable ASCII without space, `"` and `\\`: the scripts put ids into JSON as they are."""
EVENT_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
REQUEST_ID = re.compile(r"[!-~]{1,64}")
EPOCH = re.compile(r"[A-Za-z0-9_-]{0,64}")

ATTRIBUTE_KEY = re.compile(r"[a-z0-9_.-]{1,32}")
MAX_ATTRIBUTES = 8
MAX_ATTRIBUTES_BYTES = 256
"""Keys and values of all attributes of a user."""

CRON = re.compile(r"[A-Za-z0-9*,/#-]+(?: [A-Za-z0-9*,/#-]+){4}")
"""Five fields; which of these texts are expressions is for `reset_times` to say."""
MAX_CRON = 100

MAX_DISPLAY_NAME = 128
"""In code points."""

MAX_MARKS = 4
"""Combining marks in a row of a display name: more of them cover the lines above and below."""

_GARBLING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, line breaks and surrogates: they garble terminals and logs."""

_DECEIVING = re.compile(
    r"[\xad\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"
    r"\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
"""Characters that are never seen or change the direction of the text around them. Scripts and emoji
are written with the joiners, the direction marks and the variation selectors, so these stay."""

_FLAG = re.compile(r"\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")
"""A flag of a region, such as Scotland's: the only use of tag characters."""

_LETTER = re.compile(r"[^\W\u115f\u1160\u3164\uffa0]")
"""A letter, a digit or `_`, but not the fillers of Hangul, which are letters without a shape."""

_BLANK = re.compile(r"[\u115f\u1160\u2800\u3164\uffa0\U0001d159]+")
"""Characters without a shape in categories of visible ones."""

_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Mn", "Me", "Zs"})

_MARKS = re.compile(rf"(?:M[ne](?:Cf)*+){{{MAX_MARKS + 1}}}")
"""Too many marks on one character, by the categories of a name; joiners don't count."""

_PERHAPS_MARKS = re.compile(
    rf"[^\w\s!-~\u2010-\u2027\u2190-\u2bff\U0001f000-\U0001faff]{{{MAX_MARKS + 1}}}"
)
"""A row that may have too many marks: no letters, digits, punctuation or emoji in it."""

MIN_TIME_S = -62_135_596_800
"""0001-01-01T00:00:00Z, the earliest that google.protobuf.Timestamp holds."""
MAX_TIME_S = 253_402_300_799
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
    if not value.isprintable() and (problem := _unprintable(value)):
        return problem
    if not _LETTER.search(value) and not _has_sign(value):
        return "must have a visible character"
    if _PERHAPS_MARKS.search(value) and _MARKS.search("".join(map(unicodedata.category, value))):
        return f"must have at most {MAX_MARKS} combining marks in a row"
    return None


def attribute_value(value: str) -> str | None:
    """Check the value of an attribute; its length is checked with that of all others."""
    return None if value.isprintable() else _unprintable(value)


def _unprintable(value: str) -> str | None:
    """Return the problem of a name with characters that have no shape of their own."""
    if _GARBLING.search(value):
        return "must not hold control characters or line breaks"
    if _DECEIVING.search(value) and _DECEIVING.search(_FLAG.sub("", value)):
        return "must not hold invisible characters or change the direction of text"
    return None


def _has_sign(value: str) -> bool:
    """Return whether a name without letters has another visible character, such as an emoji."""
    categories = map(unicodedata.category, _BLANK.sub("", value))
    return any(category not in _INVISIBLE_CATEGORIES for category in categories)


def within(value: int, lowest: int, highest: int) -> str | None:
    """Check a number against its inclusive bounds."""
    if not lowest <= value <= highest:
        return f"must be from {lowest} to {highest}"
    return None
