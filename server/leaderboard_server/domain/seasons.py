"""Seasons of a contest: the schedule by which they end, and pages of a list of them."""

from typing import NamedTuple

from leaderboard_server.domain.position import Position

DEFAULT_KEPT = 10
"""How many seasons that are over are kept where the settings don't say."""
MAX_KEPT = 1_000


class ResetSchedule(NamedTuple):
    """The times at which the seasons of a contest end."""

    cron: str
    """A cron expression of five fields."""
    time_zone: str
    """The name of the time zone of these times in the IANA database."""


class Season(NamedTuple):
    """A season of a contest."""

    number: int
    """From 1."""
    started_at_ms: int | None
    """None if an earlier version began the contest."""
    ended_at_ms: int | None
    """None for the current season."""
    total_users: int
    position: Position
    """The position of its latest change."""


class SeasonsQuery(NamedTuple):
    """A page of seasons that is requested."""

    contest_id: str
    page_size: int
    """How many seasons at most, from 1 to 1,000."""
    before: int = 0
    """The season that all are before; 0 for the first page."""


class SeasonsPage(NamedTuple):
    """Seasons of a contest, the latest first."""

    seasons: list[Season]
    next_before: int
    """`SeasonsQuery.before` of the next page; 0 if this is the last one."""
