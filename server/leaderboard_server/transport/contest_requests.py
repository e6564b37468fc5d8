"""Checks every field of the requests of `ContestService`: the only place that does.

Each check raises `InvalidRequest`, with a violation for each invalid field. Fields that are output
only are ignored.
"""

from collections.abc import Iterator, Sequence

from leaderboard.v1 import contests_pb2 as pb
from leaderboard_server.domain import fields
from leaderboard_server.domain.contest import ContestSettings, ContestsQuery, SettingsChange
from leaderboard_server.domain.life import ContestState, Life
from leaderboard_server.domain.rules import Rules
from leaderboard_server.transport.life import checked_life, life_problems
from leaderboard_server.transport.page_tokens import decode_contest_token
from leaderboard_server.transport.rules import checked_rules, rules_problems
from leaderboard_server.transport.season_settings import (
    checked_keep_seasons,
    checked_schedule,
    season_settings_problems,
)
from leaderboard_server.transport.violations import Problem, reject

MAX_PAGE_SIZE = 1_000
DEFAULT_PAGE_SIZE = 100
_ALL_RULES = "rules"
_RULE_PATHS = {f"{_ALL_RULES}.{name}": name for name in Rules._fields}
_LIFE_PATHS = {name.removesuffix("_ms"): name for name in Life._fields}
_SEASON_PATHS = frozenset(("reset_schedule", "keep_seasons"))
_PATHS = frozenset(("display_name", _ALL_RULES, *_RULE_PATHS, *_LIFE_PATHS, *_SEASON_PATHS))
_MAX_PATHS = 100
_STATES = {
    pb.CONTEST_STATE_UNSPECIFIED: None,
    pb.CONTEST_STATE_SCHEDULED: ContestState.SCHEDULED,
    pb.CONTEST_STATE_OPEN: ContestState.OPEN,
    pb.CONTEST_STATE_CLOSED: ContestState.CLOSED,
}


def contest_id(request: pb.GetContestRequest) -> str:
    """Check the request of `GetContest`."""
    reject((("contest_id", fields.matches(fields.CONTEST_ID, request.contest_id)),))
    return request.contest_id


def new_contest(request: pb.CreateContestRequest) -> tuple[str, ContestSettings]:
    """Check the request of `CreateContest`: return the id and the settings."""
    contest = request.contest
    reject(_contest_problems(contest))
    settings = _settings(contest)
    settings.check()
    return contest.contest_id, settings


def settings_change(request: pb.UpdateContestRequest) -> SettingsChange:
    """Check the request of `UpdateContest`; the new settings together are checked with the old."""
    contest, paths = request.contest, request.update_mask.paths
    reject((*_contest_problems(contest), *_mask_problems(paths)))
    named = frozenset(_RULE_PATHS[path] for path in paths if path in _RULE_PATHS)
    rules = frozenset(Rules._fields) if _ALL_RULES in paths else named
    life = frozenset(_LIFE_PATHS[path] for path in paths if path in _LIFE_PATHS)
    settings, named_too = _settings(contest), "display_name" in paths
    seasons = _SEASON_PATHS.intersection(paths)
    return SettingsChange(contest.contest_id, settings, rules, named_too, life, seasons)


def contests_query(request: pb.ListContestsRequest) -> ContestsQuery:
    """Check the request of `ListContests`."""
    prefix, size = request.id_prefix, request.page_size
    after = decode_contest_token(request.page_token)
    valid_token = after is not None and (not after or after.startswith(prefix))
    reject(
        (
            ("page_size", fields.within(size, 0, MAX_PAGE_SIZE)),
            ("page_token", None if valid_token else "is not a token of a page of these contests"),
            ("id_prefix", fields.matches_if_set(fields.CONTEST_ID_PREFIX, prefix)),
            ("state", None if request.state in _STATES else "is not known"),
        )
    )
    state = _STATES[request.state]
    return ContestsQuery(prefix, after or "", size or DEFAULT_PAGE_SIZE, state)


def _contest_problems(contest: pb.Contest) -> Iterator[Problem]:
    yield "contest.contest_id", fields.matches(fields.CONTEST_ID, contest.contest_id)
    if contest.display_name:
        yield "contest.display_name", fields.display_name(contest.display_name)
    yield from rules_problems("contest.rules", contest.rules)
    yield from life_problems("contest", contest)
    yield from season_settings_problems("contest", contest)


def _settings(contest: pb.Contest) -> ContestSettings:
    return ContestSettings(
        contest.display_name,
        checked_rules(contest.rules),
        checked_life(contest),
        checked_schedule(contest),
        checked_keep_seasons(contest),
    )


def _mask_problems(paths: Sequence[str]) -> Iterator[Problem]:
    if fields.within(len(paths), 1, _MAX_PATHS):
        yield "update_mask", f"must have 1 to {_MAX_PATHS} paths"
        return
    for index, path in enumerate(paths):
        if path not in _PATHS:
            yield f"update_mask.paths[{index}]", "is not a setting of a contest"
