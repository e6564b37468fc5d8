"""One change of one user's score, as a caller states it and as the contract sends it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from google.protobuf.timestamp_pb2 import Timestamp

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.encoding import sendable
from leaderboard_client.enums import UpdateMode
from leaderboard_client.update_rules import parse_event_time

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ScoreUpdate:
    """One change of one user's score."""

    contest_id: str
    """The contest; the first update creates it."""

    user_id: str
    """The user; the first update creates the user."""

    points: int
    """What the mode does with the score, from -2^53 to 2^53."""

    mode: UpdateMode = UpdateMode.INCREMENT
    """How the points are applied."""

    request_id: str = ""
    """Names this write within its contest, so that repeating it counts nothing twice: 1 to 64
    printable ASCII characters. Default: a random UUID when it is sent."""

    event_type: str = ""
    """What happened, such as `goal`. Default: not told."""

    event_time: datetime | str | None = None
    """When it happened: a time with a zone, or an RFC 3339 text. Default: not told."""

    display_name: str = ""
    """The user's name for people. Default: the present name stays."""

    def named(self) -> ScoreUpdate:
        """Return the update with a `request_id`, its own or a new one."""
        return self if self.request_id else replace(self, request_id=uuid4().hex)

    def message(self) -> pb.UpdateScoreRequest:
        """Return the message of the contract, with a `request_id` in any case.

        Raises:
            ValueError: A field can't be sent at all: one of another type, points beyond 64 bits, a
                text that is not UTF-8, or a time that has no zone or is none.
        """
        with sendable():
            return pb.UpdateScoreRequest(
                contest_id=self.contest_id,
                user_id=self.user_id,
                points=self.points,
                mode=pb.UpdateMode.Name(self.mode),
                request_id=self.named().request_id,
                event_type=self.event_type,
                event_time=_timestamp(self.event_time),
                display_name=self.display_name,
            )


def _timestamp(when: datetime | str | None) -> Timestamp | None:
    if when is None:
        return None
    if isinstance(when, str):
        return parse_event_time(when)
    if when.tzinfo is None:
        raise ValueError("event_time has no time zone")
    since = when - _EPOCH
    return Timestamp(seconds=since // timedelta(seconds=1), nanos=since.microseconds * 1000)
