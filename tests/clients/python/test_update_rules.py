"""Values that the contract refuses by shape are refused before sending, and no others."""

from datetime import datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from leaderboard_client import update_rules as rules


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)))  # noqa: DTZ001
def test_every_utc_time_is_read_exactly(when: datetime) -> None:
    """A time in UTC is read as protobuf itself reads it."""
    text = when.isoformat() + "Z"
    expected = Timestamp()
    expected.FromJsonString(text)

    assert rules.parse_event_time(text) == expected


@pytest.mark.parametrize(
    ("text", "seconds", "nanos"),
    [
        ("1970-01-01T00:00:00Z", 0, 0),
        ("1970-01-01t01:00:00+01:00", 0, 0),
        ("1969-12-31T23:59:59.999999999z", -1, 999_999_999),
        ("1970-01-01T00:00:00.5-00:30", 1800, 500_000_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800, 0),
        ("9999-12-31T23:59:59Z", 253_402_300_799, 0),
    ],
)
def test_times_keep_offset_and_fraction(text: str, seconds: int, nanos: int) -> None:
    """Offsets, nanoseconds, small letters and the first and last year are read exactly."""
    assert rules.parse_event_time(text) == Timestamp(seconds=seconds, nanos=nanos)


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2026-06-11",
        "2026-06-11T20:15:00",
        "2026-06-11 20:15:00Z",
        "20260611T201500Z",
        "2026-02-30T00:00:00Z",
        "2026-06-11T24:00:00Z",
        "2026-06-11T20:15:00.1234567890Z",
        "2026-06-11T20:15:00Z\n",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "\u0662\u0660\u0662\u0666-06-11T20:15:00Z",
    ],
)
def test_other_times_are_refused(text: str) -> None:
    """A text other than an RFC 3339 time of the years 1 to 9999 is refused and shown."""
    with pytest.raises(rules.MalformedFieldError, match="event_time"):
        rules.parse_event_time(text)


@pytest.mark.parametrize(
    ("text", "points"),
    [("0", 0), ("-5", -5), ("+7", 7), ("007", 7), (str(2**53), 2**53), (str(-(2**53)), -(2**53))],
)
def test_points_are_whole_numbers(text: str, points: int) -> None:
    """Whole numbers up to 2^53 either way are points."""
    assert rules.parse_points(text) == points


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "1.0", "1e3", "x", "\u0661", "1_000", "0x1", "9" * 99]
)
def test_other_points_are_refused(text: str) -> None:
    """A text other than a whole number is refused and shown."""
    with pytest.raises(rules.MalformedFieldError, match="is not an integer"):
        rules.parse_points(text)


@pytest.mark.parametrize("points", [2**53 + 1, -(2**53) - 1, 2**70])
def test_points_have_bounds(points: int) -> None:
    """Points beyond 2^53 either way are refused."""
    with pytest.raises(rules.MalformedFieldError, match=r"is beyond 2\^53"):
        rules.parse_points(str(points))


@pytest.mark.parametrize("value", ["a", "A.b_c-9", "_a", "a:b", "x" * 128])
def test_contest_ids_are_taken(value: str) -> None:
    """Ids of the contract's alphabet and length pass."""
    rules.check_contest_id(value)


@pytest.mark.parametrize("value", ["", ".a", "-a", ":a", "a b", "a|b", "é", "a\n", "x" * 129])
def test_other_contest_ids_are_refused(value: str) -> None:
    """Empty, too long or of another alphabet is refused by name."""
    with pytest.raises(rules.MalformedFieldError, match="contest_id"):
        rules.check_contest_id(value)


@pytest.mark.parametrize(
    "value", ["a", "ada@example.org", "auth0|1", "_x", "-1", "a/b+c==", "!#[]~", "x" * 128]
)
def test_user_ids_are_taken(value: str) -> None:
    """Ids of the contract's alphabet and length pass."""
    rules.check_user_id(value)


@pytest.mark.parametrize("value", ["", "a b", 'a"b', "a\\b", "a\n", "\x7f", "é", "x" * 129])
def test_other_user_ids_are_refused(value: str) -> None:
    """Empty, too long or of another alphabet is refused by name."""
    with pytest.raises(rules.MalformedFieldError, match="user_id"):
        rules.check_user_id(value)


@pytest.mark.parametrize("value", ["", "goal", "goal:own-1", "x" * 64])
def test_event_types_are_taken(value: str) -> None:
    """None, or one of the contract's alphabet and length, passes."""
    rules.check_event_type(value)


@pytest.mark.parametrize("value", [" ", "a@b", "x" * 65])
def test_other_event_types_are_refused(value: str) -> None:
    """Too long or of another alphabet is refused by name."""
    with pytest.raises(rules.MalformedFieldError, match="event_type"):
        rules.check_event_type(value)


@pytest.mark.parametrize("value", ["", "7f1c", "!~", "x" * 64])
def test_request_ids_are_taken(value: str) -> None:
    """None, or up to 64 printable ASCII characters, passes."""
    rules.check_request_id(value)


@pytest.mark.parametrize("value", ["a b", "é", "a\x7f", "x" * 65])
def test_other_request_ids_are_refused(value: str) -> None:
    """Spaces, control characters, non-ASCII and too long are refused by name."""
    with pytest.raises(rules.MalformedFieldError, match="request_id"):
        rules.check_request_id(value)


@pytest.mark.parametrize(
    "value", ["", "José Piendibene (Uruguay)", "👩‍👩‍👧", "a\u3000b", "é" * 128]
)
def test_display_names_are_taken(value: str) -> None:
    """Any text up to 128 code points without control characters passes."""
    rules.check_display_name(value)


@pytest.mark.parametrize("value", ["a\nb", "\x1b[2J", "\x85", "a\u2028b", "\ud800", "x" * 129])
def test_other_display_names_are_refused(value: str) -> None:
    """Control characters, line breaks, half characters and too long are refused by name."""
    with pytest.raises(rules.MalformedFieldError, match="display_name"):
        rules.check_display_name(value)


def test_long_and_unprintable_values_are_shown_short() -> None:
    """An error shows a value on one short line, whatever it holds."""
    shown = rules.shown("\x1b[2J\ud800" + "x" * 500)

    assert shown.isascii()
    assert shown.isprintable()
    assert len(shown) <= 60
