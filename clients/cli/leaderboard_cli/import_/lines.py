"""The lines of a file that is imported: their numbers and texts, or what is wrong with one."""

import codecs
import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from leaderboard_client.update_rules import MalformedFieldError


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that can't be sent, or was rejected."""

    number: int
    """The number of the line in its file, from 1."""

    reason: str
    """The problem, in one line."""

    def __str__(self) -> str:
        """Return the line's number and its problem."""
        return f"line {self.number}: {self.reason}"


def numbered_texts(lines: Iterable[bytes]) -> Iterator[tuple[int, str | UnicodeDecodeError]]:
    """Yield each line without its end and with its number, from 1; or why it is not UTF-8."""
    for number, line in enumerate(lines, 1):
        raw = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        try:
            yield number, raw.decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            yield number, error


def split_csv(text: str) -> list[str]:
    """Return the values of a line of CSV; raise MalformedFieldError if it is none."""
    try:
        return next(csv.reader((text,), strict=True), [])
    except csv.Error as error:
        raise MalformedFieldError(f"is not CSV: {error}") from None
