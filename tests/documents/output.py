"""Brings the output of a command into a form that can be compared."""

import json
import re
from typing import Any

_VARYING = {
    *("epoch", "eventTime", "event_time"),
    *("created_at", "next_reset_at", "started_at", "ended_at"),
    *("createdAt", "nextResetAt", "startedAt", "endedAt"),
}
"""Keys whose values differ between runs."""
_TIME_IS_UP = re.compile("(context )?deadline exceeded", re.IGNORECASE)
"""Client and server word an exceeded deadline differently, and either may report it."""


def pieces(text: str) -> list[Any]:
    """Split output into JSON values, without values that vary, and lines of other text."""
    found: list[Any] = []
    rest = text.strip()
    while rest:
        if rest[0] == "{":
            value, end = json.JSONDecoder().raw_decode(rest)
            found.append(_stable(value))
        else:
            line = rest.splitlines()[0]
            end = len(line)
            found.append(_TIME_IS_UP.sub("deadline exceeded", " ".join(line.split())))
        rest = rest[end:].strip()
    return found


def _stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "varies" if key in _VARYING else _stable(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_stable(part) for part in value]
    return value
