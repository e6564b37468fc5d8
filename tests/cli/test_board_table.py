"""A board has places and attributes where its rows have them, if there is room."""

import pytest
from rich.console import Console
from rich.text import Text

from leaderboard_cli.tables import board_table
from leaderboard_client import RankedUser

ROWS = [
    RankedUser(1, "u-1", 101, "Kylian Mbappé Lottin", 1, {"team": "red", "country": "fr"}),
    RankedUser(2, "u-2", 100, "Lionel Andrés Messi", 2),
    RankedUser(2, "u-3", 100, "Ann", 3, {"team": "b\x1b[2Jlue"}),
]
NOTES = {"u-2": Text("+1,234 ▲12")}


def headings(width: int) -> list[str]:
    """Return the headings of a board with everything, on a screen of some columns."""
    return shown(width).split("─")[0].split()


def shown(width: int, rows: list[RankedUser] = ROWS, *, on_screen: bool = False) -> str:
    """Return a board as a screen of some columns shows it."""
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(board_table(rows, width=width, notes=NOTES, on_screen=on_screen))
    text = capture.get()
    assert max(map(len, text.splitlines())) <= width
    return text


def test_attributes_are_in_the_order_of_their_keys() -> None:
    """Attributes are written as the option takes them, without what disturbs a terminal."""
    text = shown(120)

    assert "country=fr, team=red" in text
    assert "team=b\N{REPLACEMENT CHARACTER}[2Jlue" in text


@pytest.mark.parametrize(
    ("width", "least"),
    [
        (120, ["Rank", "Place", "User", "Score", "Id", "Attributes"]),
        (65, ["Rank", "Place", "User", "Score", "Id"]),
        (55, ["Rank", "Place", "User", "Score"]),
        (40, ["Rank", "Place", "User", "Score"]),
        (30, ["Rank", "User", "Score"]),
    ],
)
def test_what_is_left_out_in_a_narrow_terminal(width: int, least: list[str]) -> None:
    """Attributes go first, then ids, then what happened to a row, then places."""
    assert headings(width) == least
    assert ("▲12" in shown(width)) == (width >= 55)


def test_a_screen_cuts_attributes_short() -> None:
    """On a screen a row with long attributes is one line."""
    row = RankedUser(1, "u-1", 101, "", 1, {"link": "x" * 250})

    lines = shown(60, [row], on_screen=True).splitlines()

    assert sum("x" in line for line in lines) == 1
    assert sum("…" in line for line in lines) == 1
