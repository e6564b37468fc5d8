"""`watch` says that a new season has begun, and which one it shows."""

from io import StringIO

from rich.console import Console
from rich.text import Text

from cli.conftest import Run
from cli.fake_service import FakeService
from cli.watch_messages import BOB_WINS, FIRST
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode
from leaderboard_cli.watch.board_view import BoardView
from leaderboard_client.watch_session import WatchSession

NEW_SEASON = pb.WatchContestResponse(
    position=pb.Position(epoch="e_2", revision=10),
    snapshot=pb.Snapshot(season=2, reason=pb.SNAPSHOT_REASON_NEW_SEASON),
)
EVE_WINS = pb.WatchContestResponse(
    position=pb.Position(epoch="e_2", revision=11),
    previous_revision=10,
    changes=pb.Changes(
        changes=[
            pb.ScoreChange(user=pb.RankedUser(user_id="eve", score=4, rank=1, place=1), points=4)
        ],
        total_users=1,
    ),
)
UPDATED = pb.WatchContestResponse(
    position=pb.Position(epoch="e_2", revision=12),
    snapshot=pb.Snapshot(season=2, reason=pb.SNAPSHOT_REASON_CONTEST_UPDATED),
)
OVER = pb.WatchContestResponse(
    position=pb.Position(epoch="e_2", revision=12),
    previous_revision=12,
    end=pb.End(reason=pb.END_REASON_CONTEST_OVER),
)


def test_lines_of_a_new_season(fake: FakeService, run: Run) -> None:
    """A line says that a season has begun, its table is empty, and later headings name it."""
    fake.stream = [FIRST, BOB_WINS, NEW_SEASON, EVE_WINS, UPDATED, OVER]

    outcome = run("watch", "chess")

    shown = [" ".join(line.split()) for line in outcome.out.splitlines() if line.strip()]
    begun = shown.index("chess, season 2 has begun")
    assert shown[0] == "chess"
    assert shown[begun + 1] == "Rank User Score"
    assert shown[begun + 3] == "1. eve 4 (+4 new)"
    assert "chess, season 2, board reloaded: the contest's settings were changed" in shown
    assert (outcome.code, outcome.err) == (ExitCode.OK, "chess is over\n")


def _screen(view: BoardView) -> str:
    console = Console(file=StringIO(), width=80, height=20, legacy_windows=False)
    console.print(view.render(80, 20, Text("the keys")))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_a_screen_of_a_new_season() -> None:
    """The title has the season from the second one on; the board empties, and a line says why."""
    session = WatchSession(pb.WatchContestRequest(contest_id="chess", limit=10))
    view = BoardView("chess", str, lambda: 100.0)
    screens = []
    for message in (FIRST, BOB_WINS, NEW_SEASON, EVE_WINS):
        view.show(session.receive(message))
        screens.append(_screen(view))

    _, last, begun, wins = screens
    assert "season" not in last
    assert "last: " in last
    assert "chess, season 2, revision 10, 0 users, live" in begun
    assert "no scores yet" in begun
    assert "season 2 has begun" in begun
    assert "last: " not in begun
    assert "bob" not in begun
    assert "last: 1.  eve  4  (+4 new)   season 2 has begun" in wins
