"""Encodes the settings of a contest for the scripts, and decodes contests from their replies."""

from collections.abc import Sequence

from leaderboard_server.domain.contest import Contest, ContestSettings
from leaderboard_server.domain.life import Life
from leaderboard_server.domain.position import Position
from leaderboard_server.storage.rules_codec import decode_rules, encode_rules


def encode_settings(settings: ContestSettings) -> tuple[str, ...]:
    """Encode settings as texts in the order of `settings.lua`, '' for one that is not set."""
    times = ("" if time_ms is None else str(time_ms) for time_ms in settings.life)
    return encode_rules(settings.rules), settings.display_name, *times


def decode_contest(contest_id: str, position: Position, reply: Sequence[bytes]) -> Contest:
    """Decode a contest from what follows its position in a reply."""
    created_at, total, now, rules_text, name, *times = reply
    life = Life(*(int(time_ms) if time_ms else None for time_ms in times))
    settings = ContestSettings(name.decode(), decode_rules(rules_text), life)
    created_at_s = int(created_at) if created_at else None
    return Contest(contest_id, settings, int(total), position, created_at_s, int(now))
