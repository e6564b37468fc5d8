"""Tables for people: boards, with columns that are left out where the terminal is narrow."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from leaderboard_cli.output import UserRow, attributes_of, name_of, safe

_READABLE_TEXT = 12
"""The columns that a text has at least, if it needs them, before other columns are left out."""

_COLUMN_SPACE = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Column:
    """A column of a table."""

    heading: str
    cells: Sequence[Text]
    is_whole: bool = False
    """Whether its texts are never folded or cut short; numbers are not."""

    is_number: bool = False
    style: str = ""

    @classmethod
    def of_numbers(cls, heading: str, numbers: Iterable[int]) -> Self:
        """Return a column of numbers."""
        cells = [Text(f"{number:,}") for number in numbers]
        return cls(heading=heading, cells=cells, is_whole=True, is_number=True)

    @classmethod
    def of_texts(cls, heading: str, texts: Iterable[str], style: str = "") -> Self:
        """Return a column of texts."""
        return cls(heading=heading, cells=[Text(text) for text in texts], style=style)

    @property
    def least_width(self) -> int:
        """The least width in which it can be read, with the space around it."""
        width = max(cell_len(text) for text in (self.heading, *(each.plain for each in self.cells)))
        return (width if self.is_whole else min(width, _READABLE_TEXT)) + _COLUMN_SPACE


def board_table(
    rows: Sequence[UserRow],
    *,
    width: int,
    notes: Mapping[str, Text] | None = None,
    bold: Collection[str] = (),
    on_screen: bool = False,
    heading: bool = True,
) -> Table:
    """Return a table of rank, user and score, and of what else there is to show.

    That is the place where it is not the rank, the id where users have names, and attributes. Where
    it is too narrow for readable names it has no attributes, then no ids, no notes and no places.

    Args:
        rows: The rows, best first.

        width: The columns of the terminal.

        notes: The text beside each user, by id. Without any there is no column for it.

        bold: The ids of the users whose rows are bold.

        on_screen: Each row is one line, its names cut short where the screen is too narrow;
            otherwise they are folded.

        heading: The columns have headings, which take three lines.
    """
    ranks = Column.of_numbers("Rank", (row.rank for row in rows))
    names = Column.of_texts("User", map(name_of, rows))
    scores = Column.of_numbers("Score", (row.score for row in rows))
    places, others = _place_column(rows), _other_columns(rows, notes)
    room = width - sum(column.least_width for column in (ranks, names, scores))
    fitting = fit([*places, *others], room)
    columns = [ranks, *fitting[: len(places)], names, scores, *fitting[len(places) :]]
    styles = ["bold" if row.user_id in bold else "" for row in rows]
    return make_table(columns, styles, on_screen=on_screen, heading=heading)


def _place_column(rows: Sequence[UserRow]) -> list[Column]:
    if all(row.place == row.rank for row in rows):
        return []
    return [Column.of_numbers("Place", (row.place for row in rows))]


def _other_columns(rows: Sequence[UserRow], notes: Mapping[str, Text] | None) -> list[Column]:
    """Return the columns at the right of the score, the most important one first."""
    columns = []
    if notes is not None:
        cells = [notes.get(row.user_id, Text()) for row in rows]
        columns.append(Column(heading="", cells=cells, is_whole=True))
    if any(row.display_name for row in rows):
        columns.append(Column.of_texts("Id", (safe(row.user_id) for row in rows), "dim"))
    if any(row.attributes for row in rows):
        columns.append(Column.of_texts("Attributes", map(attributes_of, rows), "dim"))
    return columns


def fit(columns: Sequence[Column], room: int) -> Sequence[Column]:
    """Return the first columns, as many as can be read in a width."""
    room += 1  # there is no space beside the last one
    for number, column in enumerate(columns):
        room -= column.least_width
        if room < 0:
            return columns[:number]
    return columns


def make_table(
    columns: Sequence[Column],
    styles: Sequence[str] = (),
    *,
    on_screen: bool = False,
    heading: bool = True,
) -> Table:
    """Return a table of columns, which may become narrower unless they are whole.

    Args:
        columns: The columns.

        styles: The style of each row. Default: plain rows.

        on_screen: Each row is one line, its texts cut short; otherwise they are folded.

        heading: The columns have headings.
    """
    table = Table(box=box.SIMPLE_HEAD if heading else None, pad_edge=False, show_header=heading)
    for column in columns:
        table.add_column(
            _cell(column, Text(column.heading), on_screen=on_screen),
            justify="right" if column.is_number else "left",
            no_wrap=column.is_whole,
            overflow="fold",
            style=column.style,
        )
    for at, row in enumerate(zip(*(column.cells for column in columns), strict=True)):
        cells = zip(columns, row, strict=True)
        table.add_row(
            *(_cell(column, text, on_screen=on_screen) for column, text in cells),
            style=styles[at] if styles else "",
        )
    return table


def _cell(column: Column, text: Text, *, on_screen: bool) -> Text:
    if on_screen and not column.is_whole:
        # The column must be one that may wrap: only those become narrower.
        text.no_wrap, text.overflow = True, "ellipsis"
    return text
