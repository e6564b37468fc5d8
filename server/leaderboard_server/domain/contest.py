"""Contests: their settings, changes of these, and pages of a list of contests."""

from dataclasses import dataclass, field
from typing import NamedTuple

from leaderboard_server.domain.errors import FieldViolation, InvalidRequest
from leaderboard_server.domain.life import ContestState, Life
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.rules import DEFAULT_RULES, Rules
from leaderboard_server.domain.seasons import ResetSchedule

ORDERING_RULES = ("order", "tie_break", "rank_style")
"""The rules that order the rows of a board and count its ranks."""


class ContestSettings(NamedTuple):
    """What can be set of a contest."""

    display_name: str = ""
    """Empty for none."""
    rules: Rules = DEFAULT_RULES
    life: Life = Life()
    reset_schedule: ResetSchedule | None = None
    """When seasons end; None if only a request ends them."""
    keep_seasons: int | None = None
    """How many seasons that are over are kept; None for `DEFAULT_KEPT`."""

    def check(self) -> None:
        """Check the settings against each other.

        Raises:
            InvalidRequest: No score is within the bounds, or the contest ends before it starts.
        """
        least, greatest = self.rules.min_score, self.rules.max_score
        if least is not None and greatest is not None and least > greatest:
            problem = f"must be at least min_score, which is {least}"
            raise InvalidRequest((FieldViolation("contest.rules.max_score", problem),))
        start, end, _ = self.life
        if start is not None and end is not None and end <= start:
            raise InvalidRequest((FieldViolation("contest.ends_at", "must be after starts_at"),))


class SettingsChange(NamedTuple):
    """A request to change settings."""

    contest_id: str
    settings: ContestSettings
    """The settings to change, beside others that don't matter."""
    rules: frozenset[str]
    """The names of the rules to change."""
    display_name: bool
    """Whether the display name is changed."""
    life: frozenset[str] = frozenset()
    """The names of the fields of `Life` to change."""
    seasons: frozenset[str] = frozenset()
    """Those of `reset_schedule` and `keep_seasons` to change."""

    def applied_to(self, before: ContestSettings) -> ContestSettings:
        """Return the settings after the change.

        Raises:
            InvalidRequest: They contradict each other.
        """
        wanted = self.settings
        after = ContestSettings(
            wanted.display_name if self.display_name else before.display_name,
            before.rules._replace(**{name: getattr(wanted.rules, name) for name in self.rules}),
            before.life._replace(**{name: getattr(wanted.life, name) for name in self.life}),
            before.reset_schedule,
            before.keep_seasons,
        )._replace(**{name: getattr(wanted, name) for name in self.seasons})
        after.check()
        return after


@dataclass(frozen=True, slots=True)
class Contest:
    """A contest at one position; whenever it was read, it is the same."""

    contest_id: str
    settings: ContestSettings
    total_users: int
    position: Position
    created_at_s: int | None
    """When it was created or began, in seconds since 1970; None if an earlier version began it."""
    read_at_ms: int = field(compare=False)
    """The time of the store at this position."""
    next_reset_at_ms: int | None = field(default=None, compare=False)
    """When the current season ends by the schedule; None if it does not. A season without users
    goes on at that time, at the same position."""

    @property
    def left_ms(self) -> int | None:
        """The time until its season or the contest itself ends; None if neither ends by itself."""
        ends = [
            time_ms
            for time_ms in (self.next_reset_at_ms, self.settings.life.ends_at_ms)
            if time_ms is not None
        ]
        return min(ends) - self.read_at_ms if ends else None

    @property
    def season(self) -> int:
        """The number of the current season, from 1."""
        return self.position.season

    @property
    def state(self) -> ContestState:
        """The state of the contest at that time."""
        return self.settings.life.state(self.read_at_ms)


class ContestsQuery(NamedTuple):
    """A page of contests that is requested."""

    id_prefix: str
    """The beginning of the ids; empty for all."""
    after: str
    """The id that all ids come after; empty for the first page."""
    page_size: int
    """How many contests at most, from 1 to 1,000."""
    state: ContestState | None = None
    """The state of the contests; None for all."""


class ContestsPage(NamedTuple):
    """Contests in the order of their ids."""

    contests: list[Contest]
    next_after: str
    """`ContestsQuery.after` of the next page; empty if this is the last one."""


def reordering_rule(before: Rules, after: Rules) -> str | None:
    """Return the first rule whose change would reorder a board, None if there is none."""
    return next(
        (name for name in ORDERING_RULES if getattr(before, name) != getattr(after, name)), None
    )
