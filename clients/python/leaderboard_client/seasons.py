"""Seasons of a contest, and the times at which they end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from leaderboard.v1 import contests_pb2
from leaderboard_client.decoding import time_of
from leaderboard_client.results import Position


@dataclass(frozen=True, slots=True)
class ResetSchedule:
    """The times at which the seasons of a contest end."""

    cron: str
    """A cron expression of five fields: minute, hour, day of the month, month, day of the week.
    `0 0 * * MON` is each Monday at midnight, `0 0 1 * *` the first of each month."""

    time_zone: str = "UTC"
    """The time zone of these times, by its name in the IANA database: `Europe/Berlin`."""

    @classmethod
    def decode(cls, message: contests_pb2.ResetSchedule) -> Self:
        """Decode the message of the contract."""
        return cls(message.cron, message.time_zone or "UTC")

    def message(self) -> contests_pb2.ResetSchedule:
        """Return the message of the contract; raise ValueError or TypeError if there is none."""
        return contests_pb2.ResetSchedule(cron=self.cron, time_zone=self.time_zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A season of a contest."""

    number: int
    """Its number, from 1."""

    started_at: datetime | None
    """When it began, in UTC; None if it is not known."""

    ended_at: datetime | None
    """When it ended, in UTC; None for the current season."""

    total_users: int
    """The number of users of the season."""

    position: Position
    """The position of its latest change."""

    @classmethod
    def decode(cls, message: contests_pb2.Season) -> Self:
        """Decode the message of the contract."""
        return cls(
            number=message.number,
            started_at=time_of(message, "started_at"),
            ended_at=time_of(message, "ended_at"),
            total_users=message.total_users,
            position=Position.decode(message.position),
        )
