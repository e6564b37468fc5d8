"""The formats of standings as files: their columns, their description, and cells that are safe.

A file has a row for each user, best first. CSV (RFC 4180, UTF-8) has a header; its attributes are
one cell of JSON, so that all files have the same columns whatever attributes users have. JSON lines
have the description of the board first, then an object for each row.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from leaderboard.v1 import leaderboard_pb2 as pb

COLUMNS = ("place", "rank", "user_id", "score", "display_name", "attributes")
"""The columns of a CSV file, and the names of a row in JSON."""

FORMAT = "leaderboard.standings"
"""The `format` in the first line of JSON lines."""

VERSION = 1
"""The version of both formats."""

_RISKY = "=+\\-@'\t\r\n\0\uff0b\uff0d\uff1d\uff20"
"""The characters with which a cell may begin a formula, the wide ones of East Asian keyboards too;
and the apostrophe, so that the ones that are added can be found again."""

# Where the list separator of a spreadsheet is a semicolon or a tab, it begins cells after those.
_BEFORE_RISKY = re.compile(f'^(?=[{_RISKY}])|(?<=[;\t])(?=["{_RISKY}])')
_ADDED = re.compile(f"^'(?=[{_RISKY}])|(?<=[;\t])'(?=[\"{_RISKY}])")

_NUMBERS = ("min_score", "max_score", "max_points")
"""The rules that are 64-bit numbers, which protobuf's JSON has as strings."""


def safe_cell(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula: behind an apostrophe."""
    return _BEFORE_RISKY.sub("'", text)


def text_of_cell(cell: str) -> str:
    """Return the text of a cell that `safe_cell` made."""
    return _ADDED.sub("", cell)


def json_text(value: object) -> str:
    """Return a value as compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """The first line of JSON lines: which board it is, as of which position."""

    contest_id: str
    season: int
    position: pb.Position
    rules: pb.ContestRules
    total_users: int
    """The rows of the file."""

    exported_at: str
    """The time of the export by the clock of its machine, RFC 3339."""

    def as_record(self) -> dict[str, object]:
        """Return the description for JSON."""
        rules = MessageToDict(self.rules, preserving_proto_field_name=True)
        return {
            "format": FORMAT,
            "version": VERSION,
            "contest_id": self.contest_id,
            "season": self.season,
            "position": {"epoch": self.position.epoch, "revision": self.position.revision},
            "rules": rules | {name: int(rules[name]) for name in _NUMBERS if name in rules},
            "total_users": self.total_users,
            "exported_at": self.exported_at,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Return the description that a record has.

        Raises:
            ValueError: It is not of this version, or a part of it is missing or malformed.
        """
        if record.get("version") != VERSION:
            raise ValueError(f"is of version {record.get('version')}, not {VERSION}")
        try:
            return cls(
                contest_id=str(record["contest_id"]),
                season=int(record["season"]),
                position=ParseDict(record["position"], pb.Position()),
                rules=ParseDict(record["rules"], pb.ContestRules()),
                total_users=int(record["total_users"]),
                exported_at=str(record["exported_at"]),
            )
        except KeyError as error:
            raise ValueError(f"lacks {error}") from None
        except (ParseError, TypeError, ValueError) as error:
            raise ValueError(f"can't be read: {error}") from None
