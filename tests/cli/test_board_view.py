"""The picture of a watched contest has its rows, and what matters of it, on every screen."""

from io import StringIO

import pytest
from rich.console import Console
from rich.text import Text

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.watch.board_view import BoardView
from leaderboard_client.results import RankedUser
from leaderboard_client.watch_update import StreamLostError, WatchState, WatchUpdate

POSITION = pb.Position(epoch="e", revision=7)
FOOT = Text("the keys")


def board(*updates: WatchUpdate) -> BoardView:
    """Return a contest that was told of updates."""
    made = BoardView("chess", str, lambda: 100.0)
    for update in updates:
        made.show(update)
    return made


def rows(count: int, name: str = "") -> tuple[RankedUser, ...]:
    """Return the rows of a board."""
    return tuple(RankedUser(n, f"u{n}", 1_000_000 - n, name) for n in range(1, count + 1))


def live(shown: tuple[RankedUser, ...]) -> WatchUpdate:
    """Return the update of a board that is followed."""
    return WatchUpdate(
        state=WatchState.LIVE, since=90.0, rows=shown, total_users=len(shown), position=POSITION
    )


def lines(picture: BoardView, width: int, height: int) -> list[str]:
    """Return what a screen shows of a contest."""
    console = Console(file=StringIO(), width=width, height=height, legacy_windows=False)
    console.print(picture.picture(width, height, FOOT.copy()))
    output = console.file
    assert isinstance(output, StringIO)
    return [line.rstrip() for line in output.getvalue().splitlines()]


@pytest.mark.parametrize("size", [(80, 24), (30, 8), (10, 3), (1, 1)])
@pytest.mark.parametrize("state", [None, WatchState.CONNECTING, WatchState.LIVE])
def test_a_board_without_rows_is_a_picture(size: tuple[int, int], state: WatchState | None) -> None:
    """Before anything is known, and where there is nobody, the rows' place is theirs."""
    seen = state is WatchState.LIVE
    position = POSITION if seen else None
    told = [WatchUpdate(state=state, since=90.0, position=position)] if state else []

    shown = "\n".join(lines(board(*told), *size))

    assert "Layout" not in shown
    assert ("no scores yet" in shown) == (seen and size[0] >= 30)


@pytest.mark.parametrize("width", [80, 40, 30])
def test_a_row_is_a_line(width: int) -> None:
    """However long the names are each row has a line, with its rank and its score whole."""
    picture = board(live(rows(30, "N" * 120)))

    first = lines(picture, width, 24)
    picture.scroll(30)
    last = lines(picture, width, 24)

    assert picture.page == 16
    assert [line.split()[0] for line in first[6:22]] == [str(rank) for rank in range(1, 17)]
    assert [line.split()[0] for line in last[6:22]] == [str(rank) for rank in range(15, 31)]
    assert all(f"{1_000_000 - rank:,}" in line for rank, line in enumerate(first[6:22], 1))
    assert "…" in first[6]


@pytest.mark.parametrize(("height", "least"), [(12, 4), (11, 9), (8, 6), (3, 1)])
def test_a_low_screen_has_rows(height: int, least: int) -> None:
    """On few lines the rows come first, then how the contest stands, then the keys."""
    shown = lines(board(live(rows(30))), 30, height)

    assert sum("999," in line for line in shown) == least
    assert shown[0].startswith("chess, revision 7")
    assert shown[-1] == "the keys"


def test_a_low_screen_says_that_the_board_may_be_behind() -> None:
    """What is wrong takes the place of how the contest stands."""
    lost = WatchUpdate(
        state=WatchState.RECONNECTING,
        since=90.0,
        rows=rows(2),
        position=POSITION,
        trouble=StreamLostError("gone"),
    )

    assert lines(board(lost), 80, 8)[0] == "reconnecting for 10 s, the board may be behind: gone"
