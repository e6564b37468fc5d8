"""Tables for people: boards, with columns that are left out where the terminal is narrow."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from leaderboard_cli.output import UserRow, name_of, safe

_READABLE_NAME = 12
"""The columns that a name has at least, if it needs them, before other columns are left out."""

_COLUMN_SPACE = 3


def board_table(
    rows: Sequence[UserRow],
    *,
    width: int,
    notes: Mapping[str, Text] | None = None,
    bold: Collection[str] = (),
    on_screen: bool = False,
    heading: bool = True,
) -> Table:
    """Return a table of rank, user and score, and of the id where users have names.

    Where it is too narrow for readable names it has no ids, and then no notes.

    Args:
        rows: The rows, best first.

        width: The columns of the terminal.

        notes: The text beside each user, by id. Without any there is no column for it.

        bold: The ids of the users whose rows are bold.

        on_screen: Each row is one line, its names cut short where the screen is too narrow;
            otherwise they are folded.

        heading: The columns have headings, which take three lines.
    """
    ids = [safe(row.user_id) for row in rows] if any(row.display_name for row in rows) else []
    names, ranks = [name_of(row) for row in rows], [f"{row.rank:,}" for row in rows]
    scores = [f"{row.score:,}" for row in rows]
    beside = None if notes is None else [notes.get(row.user_id, Text()) for row in rows]
    room = width + 1 - _widest("Rank", ranks) - _widest("Score", scores)
    noted = 0 if beside is None else _widest("", [note.plain for note in beside])
    if room - noted < _readable("User", names) + _readable("Id", ids):
        ids = []
    if room - noted < _readable("User", names):
        beside = None
    table = Table(box=box.SIMPLE_HEAD if heading else None, pad_edge=False, show_header=heading)
    # Names may become narrower, numbers may not.
    table.add_column("Rank", justify="right", no_wrap=True)
    table.add_column(_name("User", on_screen=on_screen), overflow="fold")
    table.add_column("Score", justify="right", no_wrap=True)
    if beside is not None:
        table.add_column("", no_wrap=True)
    if ids:
        table.add_column(_name("Id", on_screen=on_screen), overflow="fold", style="dim")
    for at, row in enumerate(rows):
        cells = [Text(ranks[at]), _name(names[at], on_screen=on_screen), Text(scores[at])]
        cells += [] if beside is None else [beside[at]]
        cells += [_name(ids[at], on_screen=on_screen)] if ids else []
        table.add_row(*cells, style="bold" if row.user_id in bold else "")
    return table


def _widest(heading: str, texts: Iterable[str]) -> int:
    """Return the width of a column with the space around it."""
    return max(cell_len(text) for text in (heading, *texts)) + _COLUMN_SPACE


def _readable(heading: str, names: Sequence[str]) -> int:
    """Return the least width of a column of names in which they can be read."""
    return min(_widest(heading, names), _READABLE_NAME + _COLUMN_SPACE) if names else 0


def _name(text: str, *, on_screen: bool) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis") if on_screen else Text(text)
