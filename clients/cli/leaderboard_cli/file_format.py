"""The formats of files: CSV and JSON lines, by an option or by the suffix of a name."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer


class FileFormat(StrEnum):
    """The formats of a file of events or of standings."""

    CSV = "csv"
    JSONL = "jsonl"


GivenFormat: TypeAlias = Annotated[
    FileFormat | None,
    typer.Option("--format", help="The format of the file.", show_default="by its suffix"),
]

_SUFFIXES = {
    ".csv": FileFormat.CSV,
    ".jsonl": FileFormat.JSONL,
    ".ndjson": FileFormat.JSONL,
}


def file_format_of(name: str, given: FileFormat | None) -> FileFormat:
    """Return the format of a file.

    Args:
        name: The name of the file; `-` and an empty name have no suffix.

        given: The format that was given, if any.

    Raises:
        BadParameter: None was given, and the suffix is not that of a format.
    """
    chosen = given or _SUFFIXES.get(Path(name).suffix.lower())
    if not chosen:
        raise typer.BadParameter("unknown file format: add --format csv or --format jsonl")
    return chosen
