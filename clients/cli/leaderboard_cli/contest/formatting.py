"""Formats the settings of a contest for people, as their options take them."""

from collections.abc import Callable, Mapping
from typing import Any

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.contests_pb2 import Contest
from leaderboard_cli.contest.settings import CHOICES, Setting
from leaderboard_cli.contest.times import format_duration, format_time

_TIMES: Mapping[Setting, Callable[[Any], str]] = {
    Setting.STARTS_AT: format_time,
    Setting.ENDS_AT: format_time,
    Setting.EXPIRE_AFTER: format_duration,
}
"""The settings that are a time or a duration, and how each is shown."""

_NONE = "none"
_RULES = "rules."


def format_settings(contest: Contest) -> Mapping[Setting, str]:
    """Return the value of each setting as its option takes it; or `none`."""
    name = {Setting.DISPLAY_NAME: contest.display_name or _NONE}
    times = dict.fromkeys(_TIMES, _NONE) | _format_set_times(contest)
    return name | times | _format_rules(contest.rules)


def format_times(contest: Contest) -> str:
    """Return the times of a contest that are set, with their names."""
    return ", ".join(f"{name} {value}" for name, value in _format_set_times(contest).items())


def format_changed_rules(contest: Contest) -> str:
    """Return the rules that differ from their defaults, with their names."""
    return ", ".join(
        f"{name} {value}"
        for name, value in _format_rules(contest.rules).items()
        if value != _DEFAULT_RULES[name]
    )


def _format_set_times(contest: Contest) -> dict[Setting, str]:
    return {
        setting: form(getattr(contest, setting.path))
        for setting, form in _TIMES.items()
        if contest.HasField(setting.path)
    }


def _format_rules(rules: pb.ContestRules) -> dict[Setting, str]:
    return {
        setting: _format(setting, rules) for setting in Setting if setting.path.startswith(_RULES)
    }


def _format(setting: Setting, rules: pb.ContestRules) -> str:
    field = setting.path.removeprefix(_RULES)
    value = getattr(rules, field)
    if setting not in CHOICES:
        return str(value) if rules.HasField(field) else _NONE
    names = {number: name for name, number in CHOICES[setting].items()}
    return names.get(value or 1, str(value))


_DEFAULT_RULES = _format_rules(pb.ContestRules())
