"""Encodes the rules of contests for the store, and decodes them; see `scripts/rules.lua`."""

from functools import lru_cache
from typing import Any

import orjson

from leaderboard_server.domain.rules import (
    DEFAULT_RULES,
    Order,
    RankStyle,
    Rules,
    TieBreak,
    UpdateMode,
)

_CACHED_RULES = 1_024
"""How many different rules are kept decoded: most contests have one of a few."""
_TYPES: dict[str, Any] = {
    "order": Order,
    "tie_break": TieBreak,
    "rank_style": RankStyle,
    "default_mode": UpdateMode,
}


def encode_rules(rules: Rules) -> str:
    """Encode rules: equal ones have equal texts, and the default ones have none."""
    fields = rules._asdict()
    changed = {
        name: value for name, value in fields.items() if value != getattr(DEFAULT_RULES, name)
    }
    return orjson.dumps(changed).decode() if changed else ""


@lru_cache(_CACHED_RULES)
def decode_rules(text: bytes) -> Rules:
    """Decode rules; equal ones are one object."""
    if not text:
        return DEFAULT_RULES
    fields: dict[str, Any] = orjson.loads(text)
    return Rules(**{name: _TYPES.get(name, int)(value) for name, value in fields.items()})
