"""Contests with their settings, as callers use them, and the messages of their rules."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final, Literal, Self, TypeAlias, TypedDict

from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.decoding import time_of
from leaderboard_client.enums import ContestState, Order, RankStyle, TieBreak, UpdateMode
from leaderboard_client.results import Position
from leaderboard_client.seasons import ResetSchedule

_ENUMS: Mapping[str, Any] = {
    "order": pb.Order,
    "tie_break": pb.TieBreak,
    "rank_style": pb.RankStyle,
    "default_mode": pb.UpdateMode,
}
"""The rules that are a value of an enumeration."""


class Keep(Enum):
    """The type of `KEEP`."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP
"""The value of a setting that an update does not change."""

TimeChange: TypeAlias = datetime | Literal[Keep.KEEP] | None
"""A change of a time; None removes it."""

DurationChange: TypeAlias = timedelta | Literal[Keep.KEEP] | None
"""A change of a duration; None removes it."""

ScheduleChange: TypeAlias = ResetSchedule | Literal[Keep.KEEP] | None
"""A change of the schedule of resets; None removes it."""

NumberChange: TypeAlias = int | Literal[Keep.KEEP] | None
"""A change of a number; None is its default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestRules:
    """The rules of a contest. A rule that is not given has its default."""

    order: Order = Order.HIGHEST_FIRST
    """Which scores are better."""

    tie_break: TieBreak = TieBreak.FIRST_REACHED
    """Which of equal scores comes first."""

    rank_style: RankStyle = RankStyle.ORDINAL
    """Whether equal scores share a rank."""

    default_mode: UpdateMode = UpdateMode.INCREMENT
    """The mode of updates that name none. UNSPECIFIED if this version does not know it."""

    min_score: int | None = None
    """The least score; an update whose score would be below is refused. Default: -2^53."""

    max_score: int | None = None
    """The greatest score, not below `min_score`. Default: 2^53."""

    max_points: int | None = None
    """The most points that one update of the mode INCREMENT adds or takes away, from 1. Default:
    2^53."""

    @classmethod
    def decode(cls, message: pb.ContestRules) -> Self:
        """Decode the message of the contract."""
        return cls(
            order=Order(message.order or Order.HIGHEST_FIRST),
            tie_break=TieBreak(message.tie_break or TieBreak.FIRST_REACHED),
            rank_style=RankStyle(message.rank_style or RankStyle.ORDINAL),
            default_mode=_mode(message.default_mode or UpdateMode.INCREMENT),
            min_score=message.min_score if message.HasField("min_score") else None,
            max_score=message.max_score if message.HasField("max_score") else None,
            max_points=message.max_points if message.HasField("max_points") else None,
        )

    def message(self) -> pb.ContestRules:
        """Return the message of the contract; raise ValueError or TypeError if there is none."""
        return rules_message(asdict(self))


class RuleChanges(TypedDict, total=False):
    """Changes of the rules of a contest: rules that are left out stay, None means the default."""

    order: Order | None
    tie_break: TieBreak | None
    rank_style: RankStyle | None
    default_mode: UpdateMode | None
    min_score: int | None
    max_score: int | None
    max_points: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """A contest with its settings."""

    contest_id: str
    """The id of the contest."""

    display_name: str
    """The contest's name for people; empty if it has none."""

    rules: ContestRules
    """The rules."""

    starts_at: datetime | None = None
    """When it opens, in UTC; None if it is open from the beginning."""

    ends_at: datetime | None = None
    """When it closes, in UTC; None if it does not."""

    expire_after: timedelta | None = None
    """The time after which it is deleted by itself, from `ends_at` on, or from the last write where
    that is None; None if it is kept."""

    reset_schedule: ResetSchedule | None = None
    """When seasons end; None if only `reset_contest` ends one."""

    keep_seasons: int | None = None
    """How many seasons are kept when they are over; None for the default, 10."""

    state: ContestState
    """The state."""

    season: int
    """The number of the current season, from 1."""

    total_users: int
    """The number of users of the current season."""

    position: Position
    """The position of this state."""

    created_at: datetime | None
    """When the contest was created or began, in UTC by the clock of the store; None if it is not
    known."""

    next_reset_at: datetime | None = None
    """When the current season ends by the schedule, in UTC; None without a schedule, and where the
    contest ends before. A season without a write does not end."""

    @classmethod
    def decode(cls, message: contests_pb2.Contest) -> Self:
        """Decode the message of the contract."""
        expires = message.HasField("expire_after")
        resets = message.HasField("reset_schedule")
        kept = message.keep_seasons if message.HasField("keep_seasons") else None
        return cls(
            contest_id=message.contest_id,
            display_name=message.display_name,
            rules=ContestRules.decode(message.rules),
            starts_at=time_of(message, "starts_at"),
            ends_at=time_of(message, "ends_at"),
            expire_after=message.expire_after.ToTimedelta() if expires else None,
            reset_schedule=ResetSchedule.decode(message.reset_schedule) if resets else None,
            keep_seasons=kept,
            state=ContestState(message.state),
            season=message.season,
            total_users=message.total_users,
            position=Position.decode(message.position),
            created_at=time_of(message, "created_at"),
            next_reset_at=time_of(message, "next_reset_at"),
        )


def rules_message(rules: Mapping[str, Any]) -> pb.ContestRules:
    """Return the message of some rules by their names; those that are None are not set.

    Raises:
        ValueError: There is no such rule or value of a rule, or a number is beyond 64 bits.

        TypeError: A value has another type than its rule.
    """
    unknown = rules.keys() - pb.ContestRules.DESCRIPTOR.fields_by_name.keys()
    if unknown:
        raise ValueError(f"there is no rule {', '.join(sorted(unknown))}")
    given = {name: value for name, value in rules.items() if value is not None}
    for name, kind in _ENUMS.items():
        if name in given:
            if not given[name]:
                raise ValueError(f"the rule {name} can't be {given[name]!r}")
            given[name] = kind.Name(given[name])
    return pb.ContestRules(**given)


def _mode(value: int) -> UpdateMode:
    return UpdateMode(value) if value in list(UpdateMode) else UpdateMode.UNSPECIFIED
