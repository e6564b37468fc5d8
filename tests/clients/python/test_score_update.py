"""Score updates as messages of the contract."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import ScoreUpdate, UpdateMode


def test_every_field_is_sent() -> None:
    """Each field of an update is that of the message."""
    update = ScoreUpdate(
        "chess",
        "ada",
        -(2**53),
        mode=UpdateMode.SET,
        request_id="r-1",
        event_type="win",
        event_time=datetime(2026, 6, 11, 20, 15, 0, 250_000, UTC),
        display_name="Ada L.",
        attributes={"team": "red", "country": ""},
        clear_display_name=True,
        season=4,
    )

    message = update.message()

    assert message.event_time.ToJsonString() == "2026-06-11T20:15:00.250Z"
    message.ClearField("event_time")
    assert message == pb.UpdateScoreRequest(
        contest_id="chess",
        user_id="ada",
        points=-(2**53),
        mode=pb.UPDATE_MODE_SET,
        request_id="r-1",
        event_type="win",
        display_name="Ada L.",
        attributes={"team": "red", "country": ""},
        clear_display_name=True,
        season=4,
    )


def test_the_rules_of_the_contest_say_how_points_are_applied() -> None:
    """An update without a mode has none in its message either."""
    message = ScoreUpdate("chess", "ada", 1, request_id="r-1").message()

    assert message == pb.UpdateScoreRequest(
        contest_id="chess", user_id="ada", points=1, request_id="r-1"
    )


def test_an_update_keeps_its_attributes() -> None:
    """An update, which may be sent again, does not change with the mapping it was made of."""
    attributes = {"team": "red"}
    update = ScoreUpdate("chess", "ada", 1, attributes=attributes)

    attributes["team"] = "blue"

    assert update.message().attributes == {"team": "red"}
    assert hash(update) == hash(ScoreUpdate("chess", "ada", 1))


def test_every_update_has_a_request_id() -> None:
    """An update without a request id gets a random one, and then keeps it."""
    update = ScoreUpdate("chess", "ada", 1)
    named = update.with_request_id()

    assert len(named.request_id) == 32
    assert update.with_request_id().request_id != named.request_id
    assert named.message().request_id == named.with_request_id().request_id == named.request_id
    assert update.message().request_id


@pytest.mark.parametrize(
    ("when", "seconds", "nanos"),
    [
        (datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), -1, 999_999_000),
        (datetime(1970, 1, 1, 2, 0, tzinfo=timezone(timedelta(hours=2))), 0, 0),
        ("2026-06-11T20:15:00.123456789Z", 1_781_208_900, 123_456_789),
        ("0001-01-01T00:00:00Z", -62_135_596_800, 0),
    ],
)
def test_times_are_exact(when: datetime | str, seconds: int, nanos: int) -> None:
    """Times before 1970, of other zones and to the nanosecond are sent as they are."""
    sent = ScoreUpdate("chess", "ada", 1, event_time=when).message().event_time

    assert (sent.seconds, sent.nanos) == (seconds, nanos)


@pytest.mark.parametrize(
    "update",
    [
        ScoreUpdate("chess", "ada", 2**63),
        ScoreUpdate("chess", "\ud800", 1),
        ScoreUpdate("chess", "ada", 1, event_time="yesterday"),
        ScoreUpdate("chess", "ada", 1, event_time=datetime(2026, 6, 11)),  # noqa: DTZ001 (the case)
        ScoreUpdate("chess", "ada", 1, event_time=date(2026, 6, 11)),  # type: ignore[arg-type]
        ScoreUpdate("chess", "ada", "1"),  # type: ignore[arg-type]
        ScoreUpdate("chess", "ada", 1, mode="SET"),  # type: ignore[arg-type]
        ScoreUpdate("chess", "ada", 1, attributes={"team": 5}),  # type: ignore[dict-item]
    ],
    ids=["beyond 64 bits", "no UTF-8", "no time", "no zone", "a date", "a text", "a name", "a key"],
)
def test_an_update_that_can_not_be_encoded_is_refused(update: ScoreUpdate) -> None:
    """A value that the message of the contract can't hold is a ValueError."""
    with pytest.raises(ValueError, match=r"."):
        update.message()


@pytest.mark.parametrize("attributes", [5, "red", ["red"]])
def test_attributes_that_are_no_mapping_are_refused(attributes: Any) -> None:
    """Attributes without keys are a ValueError."""
    with pytest.raises(ValueError, match=r"."):
        ScoreUpdate("chess", "ada", 1, attributes=attributes)
