"""Kinds of query parameters: how their text is read, and their JSON schema.

They check that a text is a value of the field of a request. Whether the value makes sense, such as
the bounds of a limit, is left to the service, whose errors say it in the contract's words.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from leaderboard.v1 import contests_pb2
from leaderboard_web.positions import parse_position

Schema = dict[str, Any]
"""A JSON schema."""

_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,18})")


@dataclass(frozen=True)
class Kind:
    """A kind of parameter."""

    read: Callable[[str], Any]
    """Returns the value of a text. Raises ValueError with the broken rule."""

    schema: Schema
    """The values that the service accepts."""


def text(**schema: Any) -> Kind:
    """Return the kind of any text."""
    return Kind(str, {"type": "string", **schema})


def number(bits: int, minimum: int, maximum: int) -> Kind:
    """Return the kind of whole numbers, with the bounds of the contract."""
    schema = {"type": "integer", "format": f"int{bits}", "minimum": minimum, "maximum": maximum}
    end = 2 ** (bits - 1)

    def read(value: str) -> int:
        if not _WHOLE_NUMBER.fullmatch(value) or not -end <= (whole := int(value)) < end:
            raise ValueError(f"must be a whole number from {minimum} to {maximum}")
        return whole

    return Kind(read, schema)


def _read_state(value: str) -> int:
    if value not in _STATES:
        raise ValueError(f"must be one of {', '.join(_STATES)}")
    return contests_pb2.ContestState.Value(value)


_STATES = contests_pb2.ContestState.keys()[1:]
STATE = Kind(_read_state, {"type": "string", "enum": _STATES})
"""The state of a contest, by its name; the first one of the contract means none."""

POSITION = Kind(
    parse_position,
    {"type": "string", "pattern": "^([A-Za-z0-9_-]{1,64}:(0|[1-9][0-9]{0,14})|:0)$"},
)
"""A position, as EPOCH:REVISION."""

CONTEST_ID = text(minLength=1, maxLength=128, pattern="^[A-Za-z0-9_][A-Za-z0-9._:-]{0,127}$")
"""The id of a contest."""
USER_ID = text(minLength=1, maxLength=128, pattern=r"^[!#-\[\]-~]{1,128}$")
"""The id of a user."""
