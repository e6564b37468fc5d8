"""A watched contest is rendered with its rows and its state on every size of screen."""

from io import StringIO

import pytest
from rich.console import Console
from rich.text import Text

from cli.watch_messages import BOB_WINS, FIRST
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.watch.board_view import BoardView, Sparkline
from leaderboard_client import Position, RankedUser, WatchState, WatchUpdate
from leaderboard_client.watch_update import StreamLostError

POSITION = Position(epoch="e", revision=7)
FOOT = Text("the keys")


def board(*updates: WatchUpdate) -> BoardView:
    """Return the view of a contest after some updates."""
    made = BoardView("chess", str, lambda: 100.0)
    for update in updates:
        made.show(update)
    return made


def rows(count: int, name: str = "") -> tuple[RankedUser, ...]:
    """Return the rows of a board."""
    return tuple(RankedUser(n, f"u{n}", 1_000_000 - n, name, n) for n in range(1, count + 1))


def live(shown: tuple[RankedUser, ...]) -> WatchUpdate:
    """Return the update of a board that is followed."""
    return WatchUpdate(
        state=WatchState.LIVE, since=90.0, rows=shown, total_users=len(shown), position=POSITION
    )


def lines(view: BoardView, width: int, height: int) -> list[str]:
    """Return what a screen shows of a contest."""
    console = Console(file=StringIO(), width=width, height=height, legacy_windows=False)
    console.print(view.render(width, height, FOOT.copy()))
    output = console.file
    assert isinstance(output, StringIO)
    return [line.rstrip() for line in output.getvalue().splitlines()]


@pytest.mark.parametrize("size", [(80, 24), (30, 8), (10, 3), (1, 1)])
@pytest.mark.parametrize("state", [None, WatchState.CONNECTING, WatchState.LIVE])
def test_a_board_without_rows_is_rendered(size: tuple[int, int], state: WatchState | None) -> None:
    """Before the first message, and of a contest without users, the rows are left empty."""
    seen = state is WatchState.LIVE
    position = POSITION if seen else None
    updates = [WatchUpdate(state=state, since=90.0, position=position)] if state else []

    shown = "\n".join(lines(board(*updates), *size))

    assert "Layout" not in shown
    assert ("no scores yet" in shown) == (seen and size[0] >= 30)


@pytest.mark.parametrize("width", [80, 40, 30])
def test_a_row_is_a_line(width: int) -> None:
    """However long the names are, each row is one line with its whole rank and score."""
    view = board(live(rows(30, "N" * 120)))

    first = lines(view, width, 24)
    view.scroll(30)
    last = lines(view, width, 24)

    assert view.page == 16
    assert [line.split()[0] for line in first[6:22]] == [str(rank) for rank in range(1, 17)]
    assert [line.split()[0] for line in last[6:22]] == [str(rank) for rank in range(15, 31)]
    assert all(f"{1_000_000 - rank:,}" in line for rank, line in enumerate(first[6:22], 1))
    assert "…" in first[6]


@pytest.mark.parametrize(("height", "least"), [(12, 4), (11, 9), (8, 6), (3, 1)])
def test_a_low_screen_has_rows(height: int, least: int) -> None:
    """On few lines the rows come first, then the state of the contest, then the keys."""
    shown = lines(board(live(rows(30))), 30, height)

    assert sum("999," in line for line in shown) == least
    assert shown[0].startswith("chess, revision 7")
    assert shown[-1] == "the keys"


def test_a_low_screen_says_that_the_board_may_be_behind() -> None:
    """A lost connection is shown in place of the state of the contest."""
    lost = WatchUpdate(
        state=WatchState.RECONNECTING,
        since=90.0,
        rows=rows(2),
        position=POSITION,
        trouble=StreamLostError("gone"),
    )

    assert lines(board(lost), 80, 8)[0] == "reconnecting for 10 s, the board may be behind: gone"


def received(message: pb.WatchContestResponse | None) -> WatchUpdate:
    """Return the update that a message leads to."""
    return WatchUpdate(state=WatchState.LIVE, since=0.0, message=message)


def progress(before: int, after: int) -> pb.WatchContestResponse:
    """Return a message that moves on by some revisions and shows none of them."""
    position = pb.Position(epoch="e", revision=after)
    return pb.WatchContestResponse(
        position=position, previous_revision=before, progress=pb.Progress()
    )


def test_a_sparkline_counts_updates_by_their_revisions() -> None:
    """All updates of the contest count, also those that no message shows; a snapshot does not."""
    now = 10.0
    sparkline = Sparkline(lambda: now)

    sparkline.add(received(FIRST))
    assert (sparkline.rate, sparkline.bars(3)) == (0.0, "▁▁▁")
    sparkline.add(received(BOB_WINS))
    sparkline.add(received(progress(9, 17)))
    sparkline.add(received(None))

    assert sparkline.rate == 2.0
    assert sparkline.bars(3) == "▁▁█"
    now = 12.0
    assert sparkline.bars(3) == "█▁▁"
    now = 1_000.0
    assert (sparkline.rate, sparkline.bars(3)) == (0.0, "▁▁▁")


def test_a_sparkline_spreads_a_message_over_the_time_before_it() -> None:
    """A message after some seconds counts evenly for each of them."""
    now = 10.0
    sparkline = Sparkline(lambda: now)
    sparkline.add(received(FIRST))

    now = 13.5
    sparkline.add(received(progress(7, 47)))

    assert sparkline.bars(6) == "▁▁████"
    assert sparkline.rate == 8.0
