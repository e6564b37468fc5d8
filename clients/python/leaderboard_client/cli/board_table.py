"""The table that shows the rows of a board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from leaderboard_client.cli.output import UserRow, named, safe

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


def board_table(
    rows: Sequence[UserRow],
    *,
    marks: Mapping[str, str | Text] | None = None,
    standing_out: Collection[str] = (),
) -> Table:
    """Return a table of rank, user and score, and of the id where users have names.

    Args:
        rows: The rows, best first.

        marks: What is said beside a user, by id. Without any there is no column for it.

        standing_out: The ids of the users whose rows stand out.
    """
    has_names = any(row.display_name for row in rows)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Rank", justify="right")
    table.add_column("User", overflow="fold")
    table.add_column("Score", justify="right")
    if marks is not None:
        table.add_column("")
    if has_names:
        table.add_column("Id", overflow="fold", style="dim")
    for row in rows:
        cells: list[str | Text] = [f"{row.rank:,}", named(row), f"{row.score:,}"]
        cells += [] if marks is None else [marks.get(row.user_id, "")]
        cells += [safe(row.user_id)] if has_names else []
        texts = (cell if isinstance(cell, Text) else Text(cell) for cell in cells)
        table.add_row(*texts, style="bold" if row.user_id in standing_out else "")
    return table
