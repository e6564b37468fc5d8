"""`friends` shows a board of some users, and `whatif` the rank of a score."""

import json

import pytest

from cli.conftest import Run
from cli.fake_service import FakeService
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode

ADA = pb.RankedUser(
    user_id="ada", score=9, rank=2, place=3, attributes={"team": "red", "country": "uk"}
)
BOB = pb.RankedUser(user_id="bob", score=4, rank=1_070, place=1_200, display_name="Bob")


def words(text: str) -> list[list[str]]:
    """Return the words of each line that has any."""
    return [line.split() for line in text.splitlines() if line.strip()]


@pytest.fixture(name="team")
def _team(fake: FakeService) -> FakeService:
    """Start a service with two users of a team, and two without a score."""
    fake.ranks = pb.BatchGetUserRanksResponse(
        users=[ADA, BOB],
        missing_user_ids=["eve", "auth0|7"],
        total_users=8_462,
        position=pb.Position(epoch="e", revision=41),
    )
    return fake


def test_friends_is_a_board(team: FakeService, run: Run) -> None:
    """The board has ranks, places and attributes, and names the users without a score."""
    outcome = run("friends", "chess", "bob", "eve", "auth0|7", "ada")

    title, head, _, *rows, missing = words(outcome.out)
    assert (outcome.code, outcome.err) == (ExitCode.OK, "")
    assert " ".join(title) == "chess: 2 of 8,462 users"
    assert head == ["Rank", "Place", "User", "Score", "Id", "Attributes"]
    assert rows == [
        ["2", "3", "ada", "9", "ada", "country=uk,", "team=red"],
        ["1,070", "1,200", "Bob", "4", "bob"],
    ]
    assert " ".join(missing) == "without a score: eve, auth0|7"
    assert team.asked == [
        pb.BatchGetUserRanksRequest(contest_id="chess", user_ids=["bob", "eve", "auth0|7", "ada"])
    ]


def test_friends_without_scores_are_no_error(fake: FakeService, run: Run) -> None:
    """If no user has a score, they are all named, and the exit code is OK."""
    fake.ranks = pb.BatchGetUserRanksResponse(missing_user_ids=["eve"], total_users=1)

    outcome = run("friends", "chess", "eve")

    assert outcome == (ExitCode.OK, "chess: 0 of 1 user\nwithout a score: eve\n", "")


def test_friends_need_a_user(fake: FakeService, run: Run) -> None:
    """Without a user it is wrong usage."""
    assert run("friends", "chess").code == ExitCode.INVALID
    assert not fake.asked


def test_friends_as_json(team: FakeService, run: Run) -> None:
    """With --json the answer of the service is one line."""
    del team

    answer = json.loads(run("friends", "chess", "ada", "--json").out)

    assert [user["place"] for user in answer["users"]] == [3, 1_200]
    assert answer["users"][0]["attributes"] == {"team": "red", "country": "uk"}
    assert answer["missing_user_ids"] == ["eve", "auth0|7"]


def test_whatif_shows_rank_and_place(fake: FakeService, run: Run) -> None:
    """The title has the rank and the place of the score, the table the rows around it."""
    fake.score_rank = pb.GetScoreRankResponse(rank=2, place=4, around=[ADA], total_users=8_462)

    title, _, _, row = words(run("whatif", "chess", "9").out)

    assert " ".join(title) == "chess: score 9 would have rank 2, place 4, beside 8,462 users"
    assert row[:3] == ["2", "3", "ada"]
    assert fake.asked == [pb.GetScoreRankRequest(contest_id="chess", score=9, around=5)]


@pytest.mark.parametrize("score", [["-1200"], ["--", "-1200"]])
def test_whatif_of_a_negative_score(fake: FakeService, run: Run, score: list[str]) -> None:
    """A negative score may be written without `--`, and `--around 0` shows no rows."""
    fake.score_rank = pb.GetScoreRankResponse(rank=1, place=1)

    outcome = run("whatif", "chess", "--around", "0", *score)

    assert outcome.out == "chess: score -1,200 would have rank 1, beside 0 users\n"
    assert fake.asked == [pb.GetScoreRankRequest(contest_id="chess", score=-1200)]


@pytest.mark.parametrize("score", ["many", "1.5", "9007199254740993", "-9" * 30])
def test_whatif_of_no_score(fake: FakeService, run: Run, score: str) -> None:
    """A text that is no score, or one beyond the bounds, is not sent."""
    assert run("whatif", "chess", score).code == ExitCode.INVALID
    assert not fake.asked
