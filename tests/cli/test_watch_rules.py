"""`watch` goes by place and shows the ranks of the contest's rules."""

import pytest

from cli.command import OnTerminal, plain_lines
from cli.conftest import Run
from cli.fake_service import FakeService
from cli.watch_messages import OVER
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode


def _row(user_id: str, score: int, rank: int, place: int, **attributes: str) -> pb.RankedUser:
    return pb.RankedUser(
        user_id=user_id, score=score, rank=rank, place=place, attributes=attributes
    )


def _snapshot(style: pb.RankStyle, *users: pb.RankedUser) -> pb.WatchContestResponse:
    return pb.WatchContestResponse(
        position=pb.Position(epoch="e", revision=7),
        snapshot=pb.Snapshot(
            users=users,
            total_users=len(users),
            reason=pb.SNAPSHOT_REASON_INITIAL,
            rules=pb.ContestRules(rank_style=style),
        ),
    )


def _draws(rank: int) -> pb.WatchContestResponse:
    """Return the message by which dan reaches the score of ada and bob."""
    change = pb.ScoreChange(
        user=_row("dan", 100, rank, 3), previous_rank=3, previous_place=4, points=1
    )
    return pb.WatchContestResponse(
        position=pb.Position(epoch="e", revision=9),
        previous_revision=7,
        changes=pb.Changes(changes=[change], total_users=4),
    )


COMPETITION = _snapshot(
    pb.RANK_STYLE_COMPETITION,
    *(_row("ada", 100, 1, 1), _row("bob", 100, 1, 2), _row("eve", 99, 3, 3)),
    _row("dan", 99, 3, 4, team="red"),
)
DENSE = _snapshot(
    pb.RANK_STYLE_DENSE,
    *(_row("ada", 100, 1, 1), _row("bob", 100, 1, 2), _row("eve", 99, 2, 3)),
    _row("dan", 98, 3, 4),
)


def test_a_pipe_shows_ranks_and_places(fake: FakeService, run: Run) -> None:
    """The table has shared ranks, places and attributes; a change has the shared rank."""
    fake.stream = [COMPETITION, _draws(1), OVER]

    lines = [" ".join(line.split()) for line in run("watch", "quiz").out.splitlines()]

    assert "Rank Place User Score Attributes" in lines
    assert "1 2 bob 100" in lines
    assert "3 4 dan 99 team=red" in lines
    assert lines[-1] == "1. dan 100 (+1 ▲2)"


@pytest.mark.parametrize(
    ("first", "rank", "moved", "eve"),
    [(COMPETITION, 1, "▲2", "4 4 eve 99 ▼1"), (DENSE, 1, "▲2", "2 4 eve 99")],
)
def test_a_screen_derives_the_ranks_of_other_rows(
    fake: FakeService, first: pb.WatchContestResponse, rank: int, moved: str, eve: str
) -> None:
    """A row is inserted at its place, and the ranks below follow from the scores."""
    fake.stream = [first, _draws(rank)]
    fake.held.clear()

    with OnTerminal("watch", "quiz", "--server", fake.address) as terminal:
        shown = terminal.read_until(lambda shown: "last: 1." in shown)

    lines = plain_lines(shown)
    assert f"1 3 dan 100 +1 {moved}" in lines
    assert eve in lines


def test_changed_settings_reload_the_board(fake: FakeService, run: Run) -> None:
    """A snapshot because of changed settings is shown with its reason."""
    again = pb.WatchContestResponse()
    again.CopyFrom(DENSE)
    again.position.revision = 9
    again.snapshot.reason = pb.SNAPSHOT_REASON_CONTEST_UPDATED
    fake.stream = [COMPETITION, again, OVER]

    outcome = run("watch", "quiz")

    assert outcome.code == ExitCode.OK
    assert "quiz, board reloaded: the contest's settings were changed" in outcome.out
    assert outcome.out.count("Rank") == 2
