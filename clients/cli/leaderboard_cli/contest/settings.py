"""Settings of a contest: their options, and the message with them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias

import typer
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.contests_pb2 import Contest, UpdateContestRequest
from leaderboard_cli.contest.schedule import complete_schedule, parse_schedule
from leaderboard_cli.contest.times import parse_duration, parse_option_time
from leaderboard_cli.options import check_bounds, expands
from leaderboard_client.update_rules import MODES

DEFAULT_KEPT = 10
"""How many seasons a contest keeps by default."""

_MAX_KEPT = 1_000


class Setting(StrEnum):
    """A setting, by the name of its option."""

    DISPLAY_NAME = "display-name"
    STARTS_AT = "starts-at"
    ENDS_AT = "ends-at"
    EXPIRE_AFTER = "expire-after"
    RESET = "reset"
    KEEP_SEASONS = "keep-seasons"
    ORDER = "order"
    TIES = "ties"
    RANKS = "ranks"
    MODE = "mode"
    MIN_SCORE = "min-score"
    MAX_SCORE = "max-score"
    MAX_POINTS = "max-points"

    @property
    def path(self) -> str:
        """The path of the setting in `Contest`."""
        return _PATHS[self]


_PATHS = {
    Setting.DISPLAY_NAME: "display_name",
    Setting.STARTS_AT: "starts_at",
    Setting.ENDS_AT: "ends_at",
    Setting.EXPIRE_AFTER: "expire_after",
    Setting.RESET: "reset_schedule",
    Setting.KEEP_SEASONS: "keep_seasons",
    Setting.ORDER: "rules.order",
    Setting.TIES: "rules.tie_break",
    Setting.RANKS: "rules.rank_style",
    Setting.MODE: "rules.default_mode",
    Setting.MIN_SCORE: "rules.min_score",
    Setting.MAX_SCORE: "rules.max_score",
    Setting.MAX_POINTS: "rules.max_points",
}

Settings: TypeAlias = Mapping[Setting, Any]
"""Settings that were given, as the message of a contest has them."""

_ORDERS = {"highest": pb.ORDER_HIGHEST_FIRST, "lowest": pb.ORDER_LOWEST_FIRST}
_TIES = {"first": pb.TIE_BREAK_FIRST_REACHED, "last": pb.TIE_BREAK_LAST_REACHED}
_RANKS = {
    "ordinal": pb.RANK_STYLE_ORDINAL,
    "competition": pb.RANK_STYLE_COMPETITION,
    "dense": pb.RANK_STYLE_DENSE,
}
CHOICES: Mapping[Setting, Mapping[str, int]] = {
    Setting.ORDER: _ORDERS,
    Setting.TIES: _TIES,
    Setting.RANKS: _RANKS,
    Setting.MODE: MODES,
}
"""The values of the settings that have a choice; the default is the first one."""


def _given(
    *,
    display_name: Annotated[
        str | None, typer.Option(metavar="NAME", help="The contest's name for people.")
    ] = None,
    starts_at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="When it opens: 2026-06-11T20:15:00Z. Default: it is open."
        ),
    ] = None,
    ends_at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it closes. Default: it does not."),
    ] = None,
    expire_after: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help="How long after its end it is deleted by itself, without an end after the last "
            "update: 90s, 15m, 12h, 30d. Default: it is kept.",
        ),
    ] = None,
    reset: Annotated[
        str | None,
        typer.Option(
            metavar="SCHEDULE",
            autocompletion=complete_schedule,
            help="When a season ends and the next one begins: daily, weekly:mon, monthly or "
            "yearly, at midnight, or a cron expression of five fields: '30 18 * * FRI'. Default: "
            "never by itself.",
        ),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE", help="The time zone of --reset: Europe/Berlin.", show_default="UTC"
        ),
    ] = None,
    keep_seasons: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            max=_MAX_KEPT,
            help="How many seasons are kept when they are over; older ones are deleted. Default: "
            f"{DEFAULT_KEPT}.",
        ),
    ] = None,
    order: Annotated[
        Literal["highest", "lowest"] | None, typer.Option(help="Which scores are first.")
    ] = None,
    ties: Annotated[
        Literal["first", "last"] | None,
        typer.Option(help="Which of equal scores is first: the one reached first, or last."),
    ] = None,
    ranks: Annotated[
        Literal["ordinal", "competition", "dense"] | None,
        typer.Option(
            help="Ranks of 9, 7, 7 and 5 points: 1 2 3 4 (ordinal), 1 2 2 4 (competition) or "
            "1 2 2 3 (dense)."
        ),
    ] = None,
    mode: Annotated[
        Literal["increment", "set", "best"] | None,
        typer.Option(
            help="What updates without a mode do: add their points, make them the score, or keep "
            "the better one."
        ),
    ] = None,
    min_score: Annotated[
        int | None,
        typer.Option(metavar="N", callback=check_bounds, help="The least score."),
    ] = None,
    max_score: Annotated[
        int | None,
        typer.Option(metavar="N", callback=check_bounds, help="The greatest score."),
    ] = None,
    max_points: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            callback=check_bounds,
            help="The most points that one update adds or takes.",
        ),
    ] = None,
) -> Settings:
    given = {
        Setting.DISPLAY_NAME: display_name,
        Setting.STARTS_AT: parse_option_time("--starts-at", starts_at),
        Setting.ENDS_AT: parse_option_time("--ends-at", ends_at),
        Setting.EXPIRE_AFTER: parse_duration("--expire-after", expire_after),
        Setting.RESET: parse_schedule(reset, time_zone),
        Setting.KEEP_SEASONS: keep_seasons,
        Setting.ORDER: order and _ORDERS[order],
        Setting.TIES: ties and _TIES[ties],
        Setting.RANKS: ranks and _RANKS[ranks],
        Setting.MODE: mode and MODES[mode],
        Setting.MIN_SCORE: min_score,
        Setting.MAX_SCORE: max_score,
        Setting.MAX_POINTS: max_points,
    }
    return {setting: value for setting, value in given.items() if value is not None}


takes_settings = expands("settings", _given)
"""Replaces a command's parameter `settings` by an option for each setting."""


def contest_with(contest_id: str, settings: Settings) -> Contest:
    """Return the message of a contest with some settings."""
    contest = Contest(contest_id=contest_id)
    for setting, value in settings.items():
        *parents, field = setting.path.split(".")
        parent = contest.rules if parents else contest
        if isinstance(value, Message):
            getattr(parent, field).CopyFrom(value)
        else:
            setattr(parent, field, value)
    return contest


def ends_request(contest_id: str, ends_at: Timestamp | None) -> UpdateContestRequest:
    """Return the request that sets when a contest ends; None removes its end."""
    settings = {Setting.ENDS_AT: ends_at} if ends_at is not None else {}
    return UpdateContestRequest(
        contest=contest_with(contest_id, settings),
        update_mask=FieldMask(paths=[Setting.ENDS_AT.path]),
    )
