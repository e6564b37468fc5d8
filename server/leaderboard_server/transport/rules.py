"""Encodes and checks the rules of contests."""

from collections.abc import Iterator
from typing import Any

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain import fields
from leaderboard_server.domain.rules import (
    DEFAULT_RULES,
    MAX_SCORE,
    Order,
    RankStyle,
    Rules,
    TieBreak,
    UpdateMode,
)
from leaderboard_server.transport.violations import Problem

_ORDERS = {
    Order.HIGHEST_FIRST: pb.ORDER_HIGHEST_FIRST,
    Order.LOWEST_FIRST: pb.ORDER_LOWEST_FIRST,
}
_TIE_BREAKS = {
    TieBreak.FIRST_REACHED: pb.TIE_BREAK_FIRST_REACHED,
    TieBreak.LAST_REACHED: pb.TIE_BREAK_LAST_REACHED,
}
_RANK_STYLES = {
    RankStyle.ORDINAL: pb.RANK_STYLE_ORDINAL,
    RankStyle.COMPETITION: pb.RANK_STYLE_COMPETITION,
    RankStyle.DENSE: pb.RANK_STYLE_DENSE,
}
_MODES = {
    UpdateMode.INCREMENT: pb.UPDATE_MODE_INCREMENT,
    UpdateMode.SET: pb.UPDATE_MODE_SET,
    UpdateMode.BEST: pb.UPDATE_MODE_BEST,
}


_UNSPECIFIED = 0
_READ_ENUMS: dict[str, dict[int, Any]] = {
    name: {number: value for value, number in numbers.items()}
    | {_UNSPECIFIED: getattr(DEFAULT_RULES, name)}
    for name, numbers in (
        ("order", _ORDERS),
        ("tie_break", _TIE_BREAKS),
        ("rank_style", _RANK_STYLES),
        ("default_mode", _MODES),
    )
}
"""The values of each rule that is an enum, by their numbers."""
_BOUNDS = {
    "min_score": -MAX_SCORE,
    "max_score": -MAX_SCORE,
    "max_points": 1,
}
"""The least value of each rule that is a number."""


def rules_problems(path: str, rules: pb.ContestRules) -> Iterator[Problem]:
    """Check each rule; `path` is that of all rules."""
    for name, values in _READ_ENUMS.items():
        if getattr(rules, name) not in values:
            yield f"{path}.{name}", "is not a known value"
    for name, least in _BOUNDS.items():
        if rules.HasField(name):
            yield f"{path}.{name}", fields.within(getattr(rules, name), least, MAX_SCORE)


def checked_rules(rules: pb.ContestRules) -> Rules:
    """Decode rules without problems."""
    enums = {name: values[getattr(rules, name)] for name, values in _READ_ENUMS.items()}
    bounds = {name: getattr(rules, name) for name in _BOUNDS if rules.HasField(name)}
    return Rules(**enums, **bounds)


def put_rules(target: pb.ContestRules, rules: Rules) -> None:
    """Fill in rules; each has its value, also the default ones, but bounds that are not set."""
    target.order = _ORDERS[rules.order]
    target.tie_break = _TIE_BREAKS[rules.tie_break]
    target.rank_style = _RANK_STYLES[rules.rank_style]
    target.default_mode = _MODES[rules.default_mode]
    for name in _BOUNDS:
        if (bound := getattr(rules, name)) is not None:
            setattr(target, name, bound)
