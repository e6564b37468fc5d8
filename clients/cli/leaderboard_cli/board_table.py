"""The table that shows the rows of a board."""

from collections.abc import Collection, Mapping, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from leaderboard_cli.output import UserRow, named, safe


def board_table(
    rows: Sequence[UserRow],
    *,
    marks: Mapping[str, str | Text] | None = None,
    standing_out: Collection[str] = (),
    on_screen: bool = False,
    heading: bool = True,
) -> Table:
    """Return a table of rank, user and score, and of the id where users have names.

    Args:
        rows: The rows, best first.

        marks: What is said beside a user, by id. Without any there is no column for it.

        standing_out: The ids of the users whose rows stand out.

        on_screen: Each row is one line, its names cut short where the screen is too narrow;
            otherwise they are folded.

        heading: The columns have headings, which take three lines.
    """
    has_names = any(row.display_name for row in rows)
    table = Table(box=box.SIMPLE_HEAD if heading else None, pad_edge=False, show_header=heading)
    # Only what is no number may become narrower.
    table.add_column("Rank", justify="right", no_wrap=True)
    table.add_column(_name("User", on_screen=on_screen), overflow="fold")
    table.add_column("Score", justify="right", no_wrap=True)
    if marks is not None:
        table.add_column("", no_wrap=True)
    if has_names:
        table.add_column(_name("Id", on_screen=on_screen), overflow="fold", style="dim")
    for row in rows:
        cells: list[str | Text] = [f"{row.rank:,}", _name(named(row), on_screen=on_screen)]
        cells += [f"{row.score:,}"]
        cells += [] if marks is None else [marks.get(row.user_id, "")]
        cells += [_name(safe(row.user_id), on_screen=on_screen)] if has_names else []
        texts = (cell if isinstance(cell, Text) else Text(cell) for cell in cells)
        table.add_row(*texts, style="bold" if row.user_id in standing_out else "")
    return table


def _name(text: str, *, on_screen: bool) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis") if on_screen else Text(text)
