"""Formats the settings of a contest for people, as their options take them."""

from collections.abc import Callable, Mapping
from typing import Any

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.contests_pb2 import Contest
from leaderboard_cli.contest.schedule import format_schedule
from leaderboard_cli.contest.settings import CHOICES, DEFAULT_KEPT, Setting
from leaderboard_cli.contest.times import format_duration, format_time

_TIMES: Mapping[Setting, Callable[[Any], str]] = {
    Setting.STARTS_AT: format_time,
    Setting.ENDS_AT: format_time,
    Setting.EXPIRE_AFTER: format_duration,
    Setting.RESET: format_schedule,
}
"""The settings that are a time, a duration or several times, and how each is shown."""

_NONE = "none"
_RULES = "rules."


def format_settings(contest: Contest) -> Mapping[Setting, str]:
    """Return the value of each setting as its option takes it; or `none`."""
    name = {Setting.DISPLAY_NAME: contest.display_name or _NONE}
    times = dict.fromkeys(_TIMES, _NONE) | _format_set_times(contest)
    kept = contest.keep_seasons if contest.HasField("keep_seasons") else DEFAULT_KEPT
    seasons = {Setting.KEEP_SEASONS: str(kept)}
    return name | times | seasons | _format_rules(contest.rules)


def format_times(contest: Contest) -> str:
    """Return the times of a contest that are set, with their names, and when its season ends."""
    times = [f"{name} {value}" for name, value in _format_set_times(contest).items()]
    if contest.HasField("next_reset_at"):
        times.append(f"next {format_time(contest.next_reset_at)}")
    return ", ".join(times)


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
