"""Arguments of operations as values of the client, and its results as JSON."""

from dataclasses import asdict, fields
from typing import Any, TypeAlias

from google.protobuf.json_format import MessageToDict

from leaderboard_client import (
    Contest,
    ContestRules,
    LeaderboardError,
    Order,
    Position,
    RankedUser,
    RankStyle,
    RuleChanges,
    ScoreChange,
    ScoreUpdate,
    Season,
    TieBreak,
    UpdateMode,
    UpdateResult,
    WatchUpdate,
)

Json: TypeAlias = dict[str, Any]

_ENUMS: dict[str, Any] = {
    "order": Order,
    "tie_break": TieBreak,
    "rank_style": RankStyle,
    "default_mode": UpdateMode,
}


def present(args: Json, *names: str) -> Json:
    """Return the arguments of these names that are there."""
    return {name: args[name] for name in names if name in args}


def update_of(args: Json) -> ScoreUpdate:
    """Return the update that the arguments describe."""
    optional = present(
        args,
        *("request_id", "event_type", "event_time", "display_name"),
        *("attributes", "clear_display_name", "season"),
    )
    if "mode" in args:
        optional["mode"] = UpdateMode[args["mode"]]
    return ScoreUpdate(args["contest_id"], args["user_id"], args["points"], **optional)


def min_position_of(args: Json) -> Position | None:
    """Return the least position that the arguments demand."""
    request = args.get("min_position")
    return Position(request["epoch"], request["revision"]) if request else None


def rules_of(rules: Json) -> RuleChanges:
    """Return rules by their names; null stays None."""
    return {  # type: ignore[return-value]
        name: _ENUMS[name][value] if name in _ENUMS and value else value
        for name, value in rules.items()
    }


def contest_json(contest: Contest) -> Json:
    """Return a contest with the rules that are not the defaults."""
    return {
        "contest_id": contest.contest_id,
        "display_name": contest.display_name,
        "rules": {
            rule.name: getattr(value, "name", value)
            for rule in fields(ContestRules)
            if (value := getattr(contest.rules, rule.name)) != rule.default
        },
        "state": contest.state.name,
        "season": contest.season,
        "total_users": contest.total_users,
        "position": position_json(contest.position),
        **_settings(contest),
    }


def _settings(contest: Contest) -> Json:
    """Return the times of a contest and the settings of its seasons that are set."""
    settings = {
        "starts_at": contest.starts_at and contest.starts_at.isoformat(),
        "ends_at": contest.ends_at and contest.ends_at.isoformat(),
        "expire_after": contest.expire_after and contest.expire_after.total_seconds(),
        "reset_schedule": contest.reset_schedule and asdict(contest.reset_schedule),
        "keep_seasons": contest.keep_seasons,
        "next_reset_at": contest.next_reset_at and contest.next_reset_at.isoformat(),
    }
    return {name: value for name, value in settings.items() if value is not None}


def season_json(season: Season) -> Json:
    """Return a season."""
    return {
        "number": season.number,
        "started_at": season.started_at and season.started_at.isoformat(),
        "ended_at": season.ended_at and season.ended_at.isoformat(),
        "total_users": season.total_users,
        "position": position_json(season.position),
    }


def result_json(result: UpdateResult) -> Json:
    """Return the result of an update."""
    return {
        "user": user_json(result.user),
        "previous_score": result.previous_score,
        "previous_rank": result.previous_rank,
        "previous_place": result.previous_place,
        "applied": result.applied,
        "replayed": result.replayed,
        "position": position_json(result.position),
    }


def user_json(user: RankedUser) -> Json:
    """Return a row."""
    return {
        "user_id": user.user_id,
        "score": user.score,
        "rank": user.rank,
        "display_name": user.display_name,
        "place": user.place,
        "attributes": user.attributes,
    }


def position_json(position: Position) -> Json:
    """Return a position."""
    return {"epoch": position.epoch, "revision": position.revision}


def watch_update_json(update: WatchUpdate) -> Json:
    """Return an update of a watch."""
    reason, message, trouble = update.snapshot_reason, update.message, update.trouble
    return {
        "state": update.state.name,
        "rows": [
            [row.user_id, row.score, row.rank, row.display_name, row.place] for row in update.rows
        ],
        "total_users": update.total_users,
        "position": update.position and position_json(update.position),
        "season": update.season,
        "changes": list(map(_change, update.changes)),
        "trouble": trouble and failure_json(trouble),
        "message": message and MessageToDict(message, preserving_proto_field_name=True),
        "snapshot_reason": None if reason is None else f"SNAPSHOT_REASON_{reason.name}",
    }


def failure_json(error: Exception) -> Json:
    """Return any error that an operation ends with."""
    if isinstance(error, LeaderboardError):
        return error_json(error)
    return error_json(LeaderboardError(f"{type(error).__name__}: {error}"))


def error_json(error: LeaderboardError) -> Json:
    """Return an error of the client."""
    kind = type(error)
    return {
        "kind": "Other" if kind is LeaderboardError else kind.__name__,
        "code": error.code,
        "reason": error.reason,
        "metadata": error.metadata,
        "violations": [violation._asdict() for violation in error.violations],
        "retry_after_s": error.retry_after,
        "retryable": error.retryable,
        "message": str(error),
    }


def _change(change: ScoreChange) -> Json:
    time = change.event_time
    return {
        "user": user_json(change.user),
        "previous_rank": change.previous_rank,
        "previous_place": change.previous_place,
        "points": change.points,
        "event_type": change.event_type,
        "event_time": time and time.isoformat(),
        "removed": change.removed,
    }
