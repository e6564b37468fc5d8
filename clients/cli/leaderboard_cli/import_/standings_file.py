"""Reads files of standings, as `export` writes them, and checks that their rows are a board."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.file_format import FileFormat
from leaderboard_cli.import_.lines import numbered_texts, split_csv
from leaderboard_cli.standings.board import stored_row
from leaderboard_cli.standings.file_parts import COLUMNS, FORMAT, Description, text_of_cell
from leaderboard_cli.standings.row_blocks import RowBlocks
from leaderboard_cli.standings.shown_rules import ShownRules
from leaderboard_client import update_rules as rules

NumberedText: TypeAlias = tuple[int, str | UnicodeDecodeError]

_NUMBERS = ("place", "rank", "score")
_TEXTS = ("user_id", "display_name")
_ROWS_BETWEEN_PICTURES = 1_000
_WORDS = re.compile(r"[a-z_.]+")


class StandingsFileError(Exception):
    """The file can't be read as standings; the text says why, and names the line."""


def are_standings(first_line: bytes, file_format: FileFormat) -> bool:
    """Return whether a file that begins with a line has standings, not events."""
    text = first_line.decode(errors="replace")
    if file_format is FileFormat.JSONL:
        return f'"{FORMAT}"' in text
    return {"place", "score"} <= set(_WORDS.findall(text))


class LoadedStandings:
    """The rows of a file, which are those of a board by some rules."""

    def __init__(self, description: Description | None) -> None:
        """Begin without rows.

        Args:
            description: The board of the file, if it is described there.
        """
        self.description = description
        self.rows = RowBlocks()
        self.shown = ShownRules(description.rules if description else None)
        self._user_ids: set[str] = set()

    def add(self, user: pb.RankedUser) -> None:
        """Add the next row; raise MalformedFieldError if it can't follow those before."""
        self.shown.observe(user)
        if user.user_id in self._user_ids:
            raise rules.MalformedFieldError(f"user_id {rules.shown(user.user_id)} comes twice")
        self._user_ids.add(user.user_id)
        self.rows.extend([stored_row(user)])

    def end(self) -> None:
        """End the file; raise MalformedFieldError if rows are missing."""
        self._user_ids.clear()
        expected = self.description.total_users if self.description else len(self.rows)
        if len(self.rows) != expected:
            raise rules.MalformedFieldError(f"{len(self.rows):,} of {expected:,} rows are there")


def load_standings(
    lines: Iterable[bytes], file_format: FileFormat, on_rows: Callable[[int, int | None], None]
) -> LoadedStandings:
    """Return the standings of a file.

    Args:
        lines: The raw lines.

        file_format: Their format.

        on_rows: Called with the number of rows so far, and of all rows if it is known.

    Raises:
        StandingsFileError: A line can't be read, or the rows are not those of a board.
    """
    number, texts = 0, numbered_texts(lines)
    try:
        number, text = next(texts)
        columns: tuple[str, ...] = ()
        description: Description | None = None
        if file_format is FileFormat.CSV:
            columns = _header(_decoded(text))
        else:
            description = Description.from_record(_json_object(_decoded(text)))
        loaded = LoadedStandings(description)
        for number, text in _without_blank_end(texts):  # noqa: B007 (an error names it)
            row = _decoded(text)
            loaded.add(_user(_csv_fields(row, columns) if columns else _json_object(row)))
            if len(loaded.rows) % _ROWS_BETWEEN_PICTURES == 0:
                on_rows(len(loaded.rows), description.total_users if description else None)
        loaded.end()
    except ValueError as error:
        raise StandingsFileError(f"line {number}: {error}") from None
    return loaded


def _without_blank_end(texts: Iterator[NumberedText]) -> Iterator[NumberedText]:
    """Yield lines without the blank ones at the end of the file."""
    blank: list[NumberedText] = []
    for number, text in texts:
        if text == "":
            blank.append((number, text))
        else:
            yield from blank
            blank = []
            yield number, text


def _decoded(text: str | UnicodeDecodeError) -> str:
    if isinstance(text, UnicodeDecodeError):
        raise rules.MalformedFieldError(f"is not UTF-8 from byte {text.start + 1} on")
    return text


def _header(text: str) -> tuple[str, ...]:
    columns = tuple(split_csv(text))
    if sorted(columns) != sorted(COLUMNS):
        expected = ",".join(COLUMNS)
        raise rules.MalformedFieldError(f"the columns of standings are {expected}, with commas")
    return columns


def _csv_fields(text: str, columns: tuple[str, ...]) -> Mapping[str, Any]:
    values = split_csv(text)
    if len(values) != len(columns):
        raise rules.MalformedFieldError(f"has {len(values)} columns and not {len(columns)}")
    cells = dict(zip(columns, values, strict=True))
    attributes = text_of_cell(cells["attributes"])
    return (
        {name: rules.parse_integer(name, cells[name]) for name in _NUMBERS}
        | {name: text_of_cell(cells[name]) for name in _TEXTS}
        | {"attributes": _json_object(attributes) if attributes else {}}
    )


def _json_object(text: str) -> Mapping[str, Any]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "out of bounds"
        raise rules.MalformedFieldError(f"is not JSON: {reason}") from None
    if not isinstance(record, dict):
        raise rules.MalformedFieldError("is not a JSON object")
    return record


def _user(fields: Mapping[str, Any]) -> pb.RankedUser:
    """Return a row; raise MalformedFieldError if it can't be one."""
    if fields.keys() != set(COLUMNS):
        raise rules.MalformedFieldError(f"does not have the names {', '.join(COLUMNS)}")
    try:
        user = pb.RankedUser(**fields)
    except (TypeError, ValueError) as error:
        raise rules.MalformedFieldError(f"is no row: {error}") from None
    rules.check_user_id(user.user_id)
    rules.check_display_name(user.display_name)
    if abs(user.score) > rules.MAX_POINTS:
        raise rules.MalformedFieldError(f"score {user.score} is beyond 2^53")
    return user
