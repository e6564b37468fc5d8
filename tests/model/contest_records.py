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


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What callers can set of a contest."""

    display_name: str = ""
    rules: Rules = DEFAULT_RULES
    starts_at: Time | None = None
    ends_at: Time | None = None

    @property
    def state(self) -> ContestState:
        """The state of the contest."""
        if self.starts_at and not self.starts_at.passed:
            return ContestState.SCHEDULED
        return ContestState.CLOSED if self.ends_at and self.ends_at.passed else ContestState.OPEN


@dataclass(frozen=True, kw_only=True)
class SettingsChange:
    """A change of settings: rules and times to change by name, and the display name if it is given.

    A rule that is None gets its default, and a time that is None is removed.
    """

    display_name: str | None = None
    rules: Mapping[str, Any] = field(default_factory=dict)
    times: Mapping[str, Time | None] = field(default_factory=dict)

    def applied_to(self, before: Settings) -> Settings:
        """Return the settings after the change."""
        defaults = Rules()
        rules = {
            name: getattr(defaults, name) if value is None else value
            for name, value in self.rules.items()
        }
        name = before.display_name if self.display_name is None else self.display_name
        return replace(
            before, display_name=name, rules=replace(before.rules, **rules), **self.times
        )


@dataclass(frozen=True, kw_only=True)
class Contest:
    """A contest and its settings."""

    contest_id: str
    settings: Settings
    state: ContestState
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
