"""`update`, `top` and `rank` show the service's answers: tables for people, JSON for scripts."""

import json
from importlib.metadata import version
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from cli.command import OnTerminal, run_in_pipe
from cli.conftest import Run
from cli.fake_service import FakeService
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode


def ranked(user_id: str, score: int, rank: int, **more: Any) -> pb.RankedUser:
    """Return a row whose place is its rank unless another one is given."""
    return pb.RankedUser(user_id=user_id, score=score, rank=rank, **({"place": rank} | more))


@pytest.fixture(name="goals")
def _goals(fake: FakeService) -> FakeService:
    """Start a service with a small board."""
    users = [
        ranked("mbappe", 22, 1, display_name="Kylian Mbappé (France)"),
        ranked("messi", 21, 2, display_name="Lionel Messi (Argentina)"),
        ranked("plain", -1_234, 3),
    ]
    position = pb.Position(epoch="e", revision=41)
    fake.top = pb.GetTopUsersResponse(users=users, total_users=8_462, position=position)
    fake.rank = pb.GetUserRankResponse(
        user=users[1],
        neighbors=[users[0], users[2]],
        total_users=8_462,
        percentile=99.98,
        position=position,
    )
    return fake


def words(text: str) -> list[list[str]]:
    """Return the words of each line that has any."""
    return [line.split() for line in text.splitlines() if line.strip()]


def test_top_is_a_table(goals: FakeService, run: Run) -> None:
    """The board is a table of ranks, names, scores and ids that a pipe takes without escapes."""
    outcome = run("top", "world-cup", "--limit", "3", "--start-rank", "1")

    assert outcome.code == 0
    assert "\x1b" not in outcome.out
    title, head, _, *rows = words(outcome.out)
    assert " ".join(title) == "world-cup: ranks 1 to 3 of 8,462"
    assert head == ["Rank", "User", "Score", "Id"]
    assert rows == [
        ["1", "Kylian", "Mbappé", "(France)", "22", "mbappe"],
        ["2", "Lionel", "Messi", "(Argentina)", "21", "messi"],
        ["3", "plain", "-1,234", "plain"],
    ]
    assert goals.asked == [pb.GetTopUsersRequest(contest_id="world-cup", limit=3, start_rank=1)]


def test_top_of_nothing_says_so(fake: FakeService, run: Run) -> None:
    """An empty board, and places past the last one, are one line."""
    assert run("top", "chess") == (0, "chess has no users yet\n", "")

    fake.top = pb.GetTopUsersResponse(total_users=1_200)

    assert run("top", "chess", "--start-rank", "2000").out == "chess ends with place 1,200\n"


def test_rank_shows_the_user_among_neighbors(goals: FakeService, run: Run) -> None:
    """The user is in rank order among the neighbors, with a mark."""
    outcome = run("rank", "world-cup", "messi", "--neighbors", "1")

    title, _, _, *rows = words(outcome.out)
    assert " ".join(title) == (
        "world-cup: Lionel Messi (Argentina) is number 2 of 8,462, ahead of 99.98 % of the others"
    )
    assert [row[0] for row in rows] == ["1", "2", "3"]
    assert ["◀" in row for row in rows] == [False, True, False]
    assert goals.asked == [
        pb.GetUserRankRequest(contest_id="world-cup", user_id="messi", neighbors=1)
    ]


def test_json_is_the_answer_of_the_service(goals: FakeService, run: Run) -> None:
    """With --json the answer is one line: field names of the contract, defaults included."""
    top = run("top", "world-cup", "--json").out
    rank = run("rank", "world-cup", "messi", "--json").out

    assert top.count("\n") == rank.count("\n") == 1
    assert json.loads(top)["total_users"] == 8_462
    assert json.loads(top)["users"][2] == {
        "user_id": "plain",
        "score": "-1234",
        "rank": 3,
        "display_name": "",
        "place": 3,
        "attributes": {},
    }
    assert json.loads(rank)["percentile"] == 99.98
    assert json.loads(rank)["position"] == {"epoch": "e", "revision": "41"}


def test_update_sends_all_its_options(fake: FakeService, run: Run) -> None:
    """Each option of `update` sets the field of its name."""
    outcome = run(
        *("update", "chess", "ada", "-5", "--mode", "set", "--request-id", "r-1"),
        *("--event-type", "win", "--event-time", "1970-01-01T00:00:01Z"),
        *("--display-name", "Ada L."),
    )

    assert outcome == (0, "chess: Ada L. has score -5, rank 1 (before: score 0, rank 2)\n", "")
    assert fake.received == [
        pb.UpdateScoreRequest(
            contest_id="chess",
            user_id="ada",
            points=-5,
            mode=pb.UPDATE_MODE_SET,
            request_id="r-1",
            event_type="win",
            event_time=Timestamp(seconds=1),
            display_name="Ada L.",
        )
    ]


def test_an_update_without_a_mode_follows_the_rules(fake: FakeService, run: Run) -> None:
    """Without `--mode` the request has none, so that the rules of the contest decide."""
    run("update", "chess", "ada", "5")

    assert fake.received[0].mode == pb.UPDATE_MODE_UNSPECIFIED


def test_update_sets_and_removes_attributes(fake: FakeService, run: Run) -> None:
    """`--attribute` can be repeated; a value may hold `=`, and an empty one removes."""
    given = ("--attribute", "team=red", "--attribute", "link=/t?id=7", "--attribute", "country=")

    outcome = run("update", "chess", "ada", "0", *given)

    assert dict(fake.received[0].attributes) == {"team": "red", "link": "/t?id=7", "country": ""}
    assert "; attributes: " in outcome.out
    assert "link=/t?id=7, team=red" in outcome.out


def test_update_clears_a_name(fake: FakeService, run: Run) -> None:
    """`--clear-name` removes the display name, and is no option beside a new name."""
    assert run("update", "chess", "ada", "0", "--clear-name").code == 0
    both = run("update", "chess", "ada", "0", "--clear-name", "--display-name", "Ada")

    assert [update.clear_display_name for update in fake.received] == [True]
    assert both.code == ExitCode.INVALID
    assert "--display-name and --clear-name exclude each other" in both.err


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (["team"], "--attribute 'team' is not KEY=VALUE"),
        (["=red"], "--attribute '=red' is not KEY=VALUE"),
        (["team=red", "team=blue"], "--attribute 'team' is given twice"),
    ],
)
def test_a_malformed_attribute_is_wrong_usage(
    fake: FakeService, run: Run, given: list[str], problem: str
) -> None:
    """An attribute without a key or an equals sign, or given twice, is not sent."""
    outcome = run("update", "c", "u", "1", *(f"--attribute={each}" for each in given), "--json")

    assert outcome.code == ExitCode.INVALID
    assert json.loads(outcome.err)["error"]["message"].endswith(problem)
    assert not fake.received


@pytest.mark.parametrize("points", [["-5"], ["--", "-5"], ["-12"]])
def test_negative_points_are_not_options(fake: FakeService, run: Run, points: list[str]) -> None:
    """Negative points can be written with or without a double dash before them."""
    assert run("update", "chess", "ada", *points).code == 0

    assert fake.received[0].points == int(points[-1])


def test_update_makes_a_request_id(fake: FakeService, run: Run) -> None:
    """Without a request id the write gets a UUID of its own."""
    run("update", "chess", "ada", "1")

    assert UUID(fake.received[0].request_id).version == 4


def test_update_says_when_it_was_a_repeat(fake: FakeService, run: Run) -> None:
    """A request id that was used before gives the first answer, and the line says so."""
    del fake
    run("update", "chess", "ada", "1", "--request-id", "r-1")

    again = run("update", "chess", "ada", "1", "--request-id", "r-1")

    assert again.code == 0
    assert again.out.endswith("counted before with this request id, this is the first answer\n")


def test_names_are_shown_as_they_are(fake: FakeService, run: Run) -> None:
    """No markup, emoji code or control character of a name does anything to the screen.

    Invisible characters, and those that change the direction of text, are replaced; joiners stay.
    """
    name = "[bold red]x[/] :smile: \x1b[2J\u202ea\u200fd\u200ba\u061c \u0646\u200c\u0647"
    fake.top.users.add(user_id="u", score=1, rank=1, place=1, display_name=name)

    shown = run("top", "c").out

    assert "[bold red]x[/] :smile: ?[2J?a?d?a? \u0646\u200c\u0647" in shown.replace("\ufffd", "?")


def test_a_terminal_gets_colours(goals: FakeService) -> None:
    """On a terminal the row of the requested user is bold."""
    with OnTerminal("rank", "world-cup", "messi", "--server", goals.address) as terminal:
        code, shown = terminal.read_to_end()

    assert code == 0
    assert "\x1b[1m" in shown


def test_the_server_comes_from_option_or_environment(fake: FakeService) -> None:
    """`--server` after the command wins over LEADERBOARD_SERVER."""
    by_variable = run_in_pipe("top", "c", LEADERBOARD_SERVER=fake.address)
    by_option = run_in_pipe("top", "c", "--server", fake.address, LEADERBOARD_SERVER="127.0.0.1:1")

    assert by_variable == by_option == (0, "c has no users yet\n", "")


def test_the_version_is_printed(run: Run) -> None:
    """`--version` prints the version of the command's own distribution."""
    assert run("--version").out == f"leaderboard {version('leaderboard-cli')}\n"
