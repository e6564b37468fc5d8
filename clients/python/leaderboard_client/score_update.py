"""One change of one user's score: the arguments of a write, and its message of the contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self
from uuid import uuid4

from google.protobuf.timestamp_pb2 import Timestamp

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.encoding import encoding, timestamp
from leaderboard_client.enums import UpdateMode
from leaderboard_client.update_rules import parse_event_time


@dataclass(frozen=True, slots=True)
class ScoreUpdate:
    """One change of one user's score."""

    contest_id: str
    """The contest; the first update creates it."""

    user_id: str
    """The user; the first update creates the user."""

    points: int
    """The points that `mode` applies to the score, from -2^53 to 2^53."""

    mode: UpdateMode = UpdateMode.UNSPECIFIED
    """How the points are applied. Default: as the rules of the contest say, which add them unless
    they were changed."""

    request_id: str = ""
    """The id of this write within its contest, so that repeating the write counts once: 1 to 64
    printable ASCII characters. Default: a random UUID when it is sent."""

    event_type: str = ""
    """What happened, such as `goal`. Default: none."""

    event_time: datetime | str | None = None
    """When it happened: a time with a zone, or an RFC 3339 text. Default: none."""

    display_name: str = ""
    """The user's name for people. Default: the current name stays."""

    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Attributes of the user, such as a country or a team. They are merged into those that the user
    has in the contest; an empty value removes one. Default: the current ones stay."""

    clear_display_name: bool = False
    """Whether the user's name is removed; then `display_name` has to be empty."""

    season: int = 0
    """The season that the write is for, from 1. If another one is current, the write is refused
    (FailedPrecondition), so that a late one can't count in the next season. Default: the current
    one."""

    def __post_init__(self) -> None:
        # A repeat has to be the same write, whatever the caller does with the mapping meanwhile.
        with encoding():
            object.__setattr__(self, "attributes", dict(self.attributes))

    def with_request_id(self) -> Self:
        """Return the update with its own `request_id`, or a new one if it has none."""
        return self if self.request_id else replace(self, request_id=uuid4().hex)

    def message(self) -> pb.UpdateScoreRequest:
        """Return the message of the contract, always with a `request_id`.

        Raises:
            ValueError: A field can't be encoded: it has another type, points are beyond 64 bits, a
                text is not UTF-8, or a time is malformed or has no zone.
        """
        with encoding():
            return pb.UpdateScoreRequest(
                contest_id=self.contest_id,
                user_id=self.user_id,
                points=self.points,
                mode=pb.UpdateMode.Name(self.mode),
                request_id=self.with_request_id().request_id,
                event_type=self.event_type,
                event_time=_timestamp(self.event_time),
                display_name=self.display_name,
                attributes=self.attributes,
                clear_display_name=self.clear_display_name,
                season=self.season,
            )


def _timestamp(when: datetime | str | None) -> Timestamp | None:
    return parse_event_time(when) if isinstance(when, str) else timestamp("event_time", when)
