"""Reads files of score events, line by line, as updates or as bad lines with their reason.

A file is CSV with a header, or JSON lines; both name the same columns, in any order. `contest_id`,
`user_id` and `points` are required; `event_time` (RFC 3339), `event_type`, `display_name`, `mode`
(`increment`, `set` or `best`), `request_id` and attributes are optional, and an empty value means
none. An attribute such as `team` is the column `attributes.team` of CSV, and the member `team` of
the object `attributes` in JSON. Blank lines are ignored. No valid value holds a line break, so that
a stray quote, or a byte that is not UTF-8, makes only its own line bad.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.file_format import FileFormat
from leaderboard_cli.import_.event_ids import EventIds
from leaderboard_cli.import_.lines import BadLine, numbered_texts, split_csv
from leaderboard_client import update_rules as rules

REQUIRED = ("contest_id", "user_id", "points")
"""The columns that every event has."""

OPTIONAL = ("event_time", "event_type", "display_name", "mode", "request_id")
"""The columns that an event may have, besides attributes."""

_COLUMNS = frozenset(REQUIRED + OPTIONAL)
_ATTRIBUTES = "attributes."
_ATTRIBUTE = re.compile(r"attributes\.[a-z0-9_.-]{1,32}")
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, slots=True)
class EventLine:
    """A line that is an update, ready to be sent."""

    number: int
    """The number of the line in its file, from 1."""

    update: pb.UpdateScoreRequest
    """The update, always with a `request_id`."""


class EventFileError(Exception):
    """The file as a whole can't be read as events; the text says why."""


def read_events(lines: Iterable[bytes], file_format: FileFormat) -> Iterator[EventLine | BadLine]:
    """Yield each event of a file in order.

    Args:
        lines: The raw lines, such as the file itself opened as binary.

        file_format: The format of the lines.

    Raises:
        EventFileError: The header of a CSV file is missing, or has columns that are unknown,
            repeated or too few.
    """
    numbered = numbered_texts(lines)
    columns = _header(numbered) if file_format is FileFormat.CSV else ()
    ids = EventIds()
    for number, text in numbered:
        try:
            if isinstance(text, UnicodeDecodeError):
                yield BadLine(number, f"is not UTF-8 from byte {text.start + 1} on")
                continue
            if not text or text.isspace():
                continue
            fields = _csv_fields(text, columns) if columns else _json_fields(text)
            yield EventLine(number, _update(fields, ids))
        except rules.MalformedFieldError as error:
            yield BadLine(number, str(error))


def _header(numbered: Iterator[tuple[int, str | UnicodeDecodeError]]) -> tuple[str, ...]:
    number, text = next(numbered, (1, ""))
    if isinstance(text, UnicodeDecodeError):
        raise EventFileError(f"line {number}: the header is not UTF-8")
    try:
        columns = tuple(split_csv(text))
    except rules.MalformedFieldError as error:
        raise EventFileError(f"line {number}: the header {error}") from None
    if hint := _separator_hint(text, columns):
        raise EventFileError(f"line {number}: {hint}")
    unknown = [column for column in columns if not _is_column(column)]
    missing = [column for column in REQUIRED if column not in columns]
    if unknown:
        names = ", ".join(map(rules.shown, unknown))
        known = ", ".join((*REQUIRED, *OPTIONAL, f"{_ATTRIBUTES}KEY"))
        raise EventFileError(f"line {number}: unknown column {names}; the columns are {known}")
    if missing:
        raise EventFileError(f"line {number}: the header lacks {', '.join(missing)}")
    if len(set(columns)) != len(columns):
        raise EventFileError(f"line {number}: the header names a column twice")
    return columns


def _is_column(name: str) -> bool:
    return name in _COLUMNS or _ATTRIBUTE.fullmatch(name) is not None


def _separator_hint(header: str, columns: Sequence[str]) -> str:
    """Return what is wrong if the header has its columns, but not with commas between them."""
    for separator, name in _OTHER_SEPARATORS.items():
        parts = [part.strip().strip('"') for part in header.split(separator)]
        if (
            separator in header
            and not all(map(_is_column, columns))
            and all(map(_is_column, parts))
        ):
            return f"the columns are separated by {name}, but must be by commas; export it as CSV"
    return ""


def _csv_fields(text: str, columns: tuple[str, ...]) -> Mapping[str, str]:
    values = split_csv(text)
    if len(values) != len(columns):
        raise rules.MalformedFieldError(f"has {len(values)} columns and not {len(columns)}")
    return dict(zip(columns, values, strict=True))


def _json_fields(text: str) -> Mapping[str, str]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "out of bounds"
        raise rules.MalformedFieldError(f"is not JSON: {reason}") from None
    if not isinstance(record, dict):
        raise rules.MalformedFieldError("is not a JSON object")
    attributes = record.pop("attributes", None)
    if not isinstance(attributes, dict | None):
        raise rules.MalformedFieldError(f"attributes {rules.shown(attributes)} is not an object")
    record |= {_ATTRIBUTES + key: value for key, value in (attributes or {}).items()}
    return {name: _json_text(name, value) for name, value in record.items() if value is not None}


def _json_text(name: str, value: object) -> str:
    if not _is_column(name):
        raise rules.MalformedFieldError(f"has the unknown name {rules.shown(name)}")
    if isinstance(value, str):
        return value
    if name != "points":
        raise rules.MalformedFieldError(f"{name} {rules.shown(value)} is not a string")
    if not isinstance(value, int) or isinstance(value, bool):
        raise rules.MalformedFieldError(f"points {rules.shown(value)} is not an integer")
    return str(value)


def _update(fields: Mapping[str, str], ids: EventIds) -> pb.UpdateScoreRequest:
    get = fields.get
    contest_id, user_id = get("contest_id", ""), get("user_id", "")
    event_type, display_name = get("event_type", ""), get("display_name", "")
    request_id, event_time = get("request_id", ""), get("event_time", "")
    rules.check_contest_id(contest_id)
    rules.check_user_id(user_id)
    rules.check_event_type(event_type)
    rules.check_display_name(display_name)
    rules.check_request_id(request_id)
    update = pb.UpdateScoreRequest(
        contest_id=contest_id,
        user_id=user_id,
        points=rules.parse_points(get("points", "")),
        mode=rules.parse_mode(get("mode", "")),
        event_type=event_type,
        event_time=rules.parse_event_time(event_time) if event_time else None,
        display_name=display_name,
        attributes={
            name.removeprefix(_ATTRIBUTES): value
            for name, value in fields.items()
            if value and name.startswith(_ATTRIBUTES)
        },
    )
    update.request_id = request_id or ids.next_for(update)
    return update
