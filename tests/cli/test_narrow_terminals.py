"""In narrow terminals names stay readable: ids go first, then what happened to a row."""

import re

import pytest
from rich.console import Console
from rich.text import Text

from leaderboard_cli.tables import board_table
from leaderboard_client import RankedUser

ROWS = [
    RankedUser(1, "user-0123456789abcdef", 123_456, "Kylian Mbappé Lottin", 1),
    RankedUser(2, "messi", 9, "Lionel Andrés Messi", 2),
    RankedUser(100, "x", 900_719_925, "", 100),
]
NOTES = {"messi": Text("+1,234 ▲12")}


def shown(width: int, *, on_screen: bool, notes: dict[str, Text] | None = None) -> str:
    """Return the board as a terminal of some width shows it."""
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(board_table(ROWS, width=width, notes=notes, on_screen=on_screen))
    text = capture.get()
    assert max(map(len, text.splitlines())) <= width
    return text


@pytest.mark.parametrize("width", [40, 60, 80])
@pytest.mark.parametrize("on_screen", [True, False], ids=["screen", "pipe"])
@pytest.mark.parametrize("notes", [None, NOTES], ids=["plain", "notes"])
def test_names_stay_readable(width: int, on_screen: bool, notes: dict[str, Text] | None) -> None:  # noqa: FBT001
    """At any of these widths twelve characters of a name are on one line, and numbers are whole."""
    text = shown(width, on_screen=on_screen, notes=notes)

    for name, number in (("Kylian Mbapp", "123,456"), ("Lionel Andr", "9"), ("x", "900,719,925")):
        assert re.search(rf"{name}.*\b{number}\b", text), text


def test_a_wide_terminal_shows_all() -> None:
    """With room for all columns none is left out."""
    text = shown(100, on_screen=True, notes=NOTES)

    assert "user-0123456789abcdef" in text
    assert "Kylian Mbappé Lottin" in text
    assert "+1,234 ▲12" in text


def test_ids_go_first() -> None:
    """At 60 columns what happened to a row is still shown, and the ids are not."""
    text = shown(60, on_screen=True, notes=NOTES)

    assert "+1,234 ▲12" in text
    assert "Id" not in text


def test_notes_go_next() -> None:
    """At 40 columns there are ranks, names and scores."""
    text = shown(40, on_screen=True, notes=NOTES)

    assert "▲12" not in text
    assert text.split()[:3] == ["Rank", "User", "Score"]


def test_short_names_keep_the_ids() -> None:
    """Nothing is left out where names and ids are short enough."""
    console = Console(width=40, color_system=None)
    with console.capture() as capture:
        console.print(board_table([RankedUser(1, "ada", 5, "Ada", 1)], width=40))

    assert capture.get().split()[:4] == ["Rank", "User", "Score", "Id"]
