"""Contests, their settings and their hidden users, as the model and the service answer them."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from model.records import (
    Position,
    RankedUser,
    Rules,
)

DEFAULT_RULES = Rules()


class ContestState(enum.IntEnum):
    """The state of a contest; the numbers are those of the contract."""

    SCHEDULED = 1
    OPEN = 2
    CLOSED = 3


class Time(enum.IntEnum):
    """Times of contests, in seconds since 1970: long ago or far ahead, whenever a test runs."""

    LONG_AGO = 978_307_200
    NOT_SO_LONG_AGO = 1_009_843_200
    FAR_AHEAD = 4_133_980_800
    FURTHER_AHEAD = 4_165_516_800

    @property
    def passed(self) -> bool:
        """Whether the time is over."""
        return self < Time.FAR_AHEAD


class Schedule(enum.Enum):
    """Times at which seasons end: cron expression, time zone, and the ms from one to the next.

    The zone is a whole number of hours from UTC all year, so that all are multiples of a period.
    """

    MINUTES = ("* * * * *", "UTC", 60_000)
    HOURS = ("0 * * * *", "Europe/Berlin", 3_600_000)
    DAYS = ("0 0 * * *", "UTC", 86_400_000)

    def after(self, now_ms: int) -> int:
        """Return the first time after another one."""
        period = self.value[2]
        return (now_ms // period + 1) * period


DEFAULT_KEPT = 10


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What callers can set of a contest."""

    display_name: str = ""
    rules: Rules = DEFAULT_RULES
    starts_at: Time | None = None
    ends_at: Time | None = None
    reset_schedule: Schedule | None = None
    keep_seasons: int | None = None

    @property
    def kept(self) -> int:
        """How many seasons are kept."""
        return DEFAULT_KEPT if self.keep_seasons is None else self.keep_seasons

    def season_ends_at(self, now_ms: int) -> int | None:
        """Return when a season that goes on now ends by the schedule; None if it does not."""
        if not self.reset_schedule:
            return None
        at_ms = self.reset_schedule.after(now_ms)
        return None if self.ends_at and at_ms >= self.ends_at * 1_000 else at_ms

    @property
    def state(self) -> ContestState:
        """The state of the contest."""
        if self.starts_at and not self.starts_at.passed:
            return ContestState.SCHEDULED
        return ContestState.CLOSED if self.ends_at and self.ends_at.passed else ContestState.OPEN


@dataclass(frozen=True, kw_only=True)
class SettingsChange:
    """A change of settings: what to change by name, and the display name if it is given.

    A rule that is None gets its default, and another setting that is None is removed.
    """

    display_name: str | None = None
    rules: Mapping[str, Any] = field(default_factory=dict)
    times: Mapping[str, Time | None] = field(default_factory=dict)
    seasons: Mapping[str, Any] = field(default_factory=dict)
    """`reset_schedule` and `keep_seasons`."""

    def applied_to(self, before: Settings) -> Settings:
        """Return the settings after the change."""
        defaults = Rules()
        rules = {
            name: getattr(defaults, name) if value is None else value
            for name, value in self.rules.items()
        }
        name = before.display_name if self.display_name is None else self.display_name
        others: dict[str, Any] = {**self.times, **self.seasons}
        return replace(before, display_name=name, rules=replace(before.rules, **rules), **others)


@dataclass(frozen=True, kw_only=True)
class Contest:
    """A contest and its settings."""

    contest_id: str
    settings: Settings
    state: ContestState
    season: int
    total_users: int
    position: Position
    created_at_ms: int
    next_reset_at_ms: int | None


@dataclass(frozen=True, kw_only=True)
class Season:
    """A season of a contest."""

    number: int
    started_at_ms: int
    ended_at_ms: int | None
    total_users: int
    position: Position


@dataclass(frozen=True, kw_only=True)
class UsersChanged:
    """How many users were removed or hidden, or are not hidden any more."""

    count: int
    position: Position


@dataclass(frozen=True, kw_only=True)
class HiddenUsers:
    """The hidden users of a contest, in the order of their ids."""

    users: tuple[RankedUser, ...]
    without_score: tuple[str, ...]
