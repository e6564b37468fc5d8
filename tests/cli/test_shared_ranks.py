"""Ranks that a contest shares, in tables and lines: the rank, and the place where it differs."""

import pytest

from cli.conftest import Run
from cli.fake_service import FakeService
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode


def _row(place: int, rank: int, score: int) -> pb.RankedUser:
    return pb.RankedUser(user_id=f"u{place}", score=score, rank=rank, place=place)


ROWS = [_row(1, 1, 101), _row(2, 2, 100), _row(3, 2, 100), _row(4, 4, 99)]


def words(text: str) -> list[list[str]]:
    """Return the words of each line that has any."""
    return [line.split() for line in text.splitlines() if line.strip()]


def test_top_has_a_column_of_places(fake: FakeService, run: Run) -> None:
    """The place stands beside the rank, and the title counts places."""
    fake.top = pb.GetTopUsersResponse(users=ROWS, total_users=4)

    title, head, _, *rows = words(run("top", "quiz").out)

    assert " ".join(title) == "quiz: places 1 to 4 of 4"
    assert head == ["Rank", "Place", "User", "Score"]
    assert [row[:2] for row in rows] == [["1", "1"], ["2", "2"], ["2", "3"], ["4", "4"]]


def test_top_without_ties_has_no_places(fake: FakeService, run: Run) -> None:
    """Rows whose places are their ranks need no column for them."""
    fake.top = pb.GetTopUsersResponse(users=ROWS[:2], total_users=4)

    assert "Place" not in run("top", "quiz").out


def test_rank_orders_neighbors_by_place(fake: FakeService, run: Run) -> None:
    """The user stands among equal ranks at its place, which the title names."""
    fake.rank = pb.GetUserRankResponse(
        user=ROWS[2], neighbors=[ROWS[1], ROWS[3]], total_users=4, percentile=50
    )

    title, _, _, *rows = words(run("rank", "quiz", "u3", "--neighbors", "1").out)

    assert " ".join(title) == ("quiz: u3 is number 2 (place 3) of 4, ahead of 50 % of the others")
    assert [row[2] for row in rows] == ["u2", "u3", "u4"]
    assert ["◀" in row for row in rows] == [False, True, False]


def test_rank_shows_the_rows_around(fake: FakeService, run: Run) -> None:
    """`--around` asks for so many rows, without neighbors, and shows them."""
    fake.rank = pb.GetUserRankResponse(user=ROWS[0], around=ROWS[:3], total_users=4, percentile=100)

    _, _, _, *rows = words(run("rank", "quiz", "u1", "--around", "3").out)

    assert [row[2] for row in rows] == ["u1", "u2", "u3"]
    assert fake.asked == [pb.GetUserRankRequest(contest_id="quiz", user_id="u1", around=3)]


@pytest.mark.parametrize(
    "options", [["--around", "0"], ["--around", "202"], ["--around", "3", "--neighbors", "1"]]
)
def test_wrong_rows_around_are_not_sent(fake: FakeService, run: Run, options: list[str]) -> None:
    """Numbers beyond the limits, and two ways to name the rows, are wrong usage."""
    assert run("rank", "quiz", "u1", *options).code == ExitCode.INVALID
    assert not fake.asked
