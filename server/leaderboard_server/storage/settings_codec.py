"""Encodes the settings of a contest for the scripts, and decodes contests from their replies."""

from collections.abc import Sequence

from leaderboard_server.domain.contest import Contest, ContestSettings
from leaderboard_server.domain.life import Life
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.seasons import ResetSchedule
from leaderboard_server.storage.rules_codec import decode_rules, encode_rules


def encode_settings(settings: ContestSettings) -> tuple[str, ...]:
    """Encode settings as texts in the order of `settings.lua`, '' for one that is not set."""
    schedule = settings.reset_schedule
    return (
        encode_rules(settings.rules),
        settings.display_name,
        *map(encode_number, settings.life),
        f"{schedule.time_zone} {schedule.cron}" if schedule else "",
        encode_number(settings.keep_seasons),
    )


def decode_schedule(text: bytes) -> ResetSchedule | None:
    """Decode a schedule; None if the contest has none."""
    if not text:
        return None
    time_zone, _, cron = text.decode().partition(" ")
    return ResetSchedule(cron, time_zone)


def decode_contest(contest_id: str, position: Position, reply: Sequence[bytes]) -> Contest:
    """Decode a contest from what follows its position in a reply."""
    created_at, total, now, reset_at, rules_text, name, *times, schedule, keep = reply
    settings = ContestSettings(
        name.decode(),
        decode_rules(rules_text),
        Life(*map(decode_number, times)),
        decode_schedule(schedule),
        decode_number(keep),
    )
    return Contest(
        contest_id,
        settings,
        int(total),
        position,
        decode_number(created_at),
        int(now),
        decode_number(reset_at),
    )


def encode_number(number: int | None) -> str:
    """Encode a number that may be absent."""
    return "" if number is None else str(number)


def decode_number(text: bytes) -> int | None:
    """Decode a number that may be absent."""
    return int(text) if text else None
