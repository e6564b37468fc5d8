"""`user` removes, hides, erases and exports users."""

import json
from collections.abc import Iterable

import pytest
from google.rpc import code_pb2

from cli.command import OnTerminal, run_in_pipe
from cli.conftest import Run
from cli.fake_service import FakeService
from cli.refusals import STORE_AWAY, refusal
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode

INTERNAL = refusal(code_pb2.INTERNAL, "it broke", "ERROR_REASON_INTERNAL")


def records(out: str) -> list[dict[str, object]]:
    """Return the JSON of each line."""
    return [json.loads(line) for line in out.splitlines()]


def begin(fake: FakeService, contests: Iterable[str]) -> None:
    """Let the service have some contests."""
    for contest in contests:
        position = pb.Position(epoch="e", revision=7)
        made = contests_pb2.Contest(contest_id=contest, display_name="C", position=position)
        fake.contests.contests[contest] = made


def test_remove(fake: FakeService, run: Run) -> None:
    """`remove` is confirmed, names the users that lose something, and says how many did."""
    begin(fake, ["chess"])
    users = [f"u{number}" for number in range(7)]

    refused = run_in_pipe("user", "remove", "chess", *users, LEADERBOARD_SERVER=fake.address)
    asked = len(fake.asked)
    done = run("user", "remove", "chess", "ada", "bob", "--yes")
    nothing = run("user", "remove", "quiz", "ada", "--yes")

    named = "u0, u1, u2, u3, u4 and 2 other users"
    loss = f"chess loses for good the score, name and attributes of {named}"
    assert refused == (ExitCode.INVALID, "", f"error: {loss}; confirm it with --yes\n")
    assert asked == 0
    assert done == (ExitCode.OK, "chess: 2 of 2 users removed\n", "")
    assert nothing == (ExitCode.OK, "quiz: there is no such contest\n", "")
    assert fake.asked[0] == contests_pb2.RemoveUsersRequest(
        contest_id="chess", user_ids=["ada", "bob"]
    )


def test_hide_and_unhide(fake: FakeService, run: Run) -> None:
    """Users are hidden and shown again without a question; a repeat changes nothing."""
    begin(fake, ["chess"])

    hidden = [run("user", "hide", "chess", "ada", "bob") for _ in range(2)]
    listed = run("user", "hidden", "chess")
    shown = run("user", "unhide", "chess", "ada", "eve", "--json")

    assert [each.out for each in hidden] == [
        "chess: 2 of 2 users hidden\n",
        "chess: 0 of 2 users hidden\n",
    ]
    assert listed.out.startswith("chess: 2 hidden users\n")
    assert records(shown.out) == [{"count": 1, "position": {"epoch": "e", "revision": "7"}}]
    assert run("user", "unhide", "quiz", "ada").out == "quiz: there is no such contest\n"


def test_nothing_is_hidden_in_a_contest_that_does_not_exist(fake: FakeService, run: Run) -> None:
    """A misspelled contest is an error, because its users stay on the board."""
    del fake

    outcome = run("user", "hide", "ches", "ada")

    why = "error: nothing is hidden: there is no contest ches\n"
    assert outcome == (ExitCode.NOT_FOUND, "", why)


def test_hidden_users(fake: FakeService, run: Run) -> None:
    """All pages are shown in the order of the ids, for people and as JSON."""
    fake.contests.hidden["chess"] = {"eve": 1_200, "bob": None, "ada": -3, "dan": 0, "cid": 5}

    table = [" ".join(line.split()) for line in run("user", "hidden", "chess").out.splitlines()]
    lines = records(run("user", "hidden", "chess", "--json").out)

    assert table[0] == "chess: 5 hidden users"
    assert table[-6:-1] == ["ada -3", "bob none", "cid 5", "dan 0", "eve 1,200"]
    assert [(line["user_id"], line["score"]) for line in lines] == [
        ("ada", "-3"),
        ("bob", None),
        ("cid", "5"),
        ("dan", "0"),
        ("eve", "1200"),
    ]
    assert run("user", "hidden", "quiz").out == "quiz: 0 hidden users\n"


def parts(fake: FakeService) -> None:
    """Let an erase have three parts."""
    answer = contests_pb2.EraseUserResponse
    fake.contests.parts = {
        "": answer(contests_changed=2, next_page_token="a b"),
        "a b": answer(contests_changed=0, next_page_token="c"),
        "c": answer(contests_changed=1),
    }


def test_erase(fake: FakeService, run: Run) -> None:
    """`erase` is confirmed, goes through all parts, retries, and reports."""
    parts(fake)
    refused = run_in_pipe("user", "erase", "ada", LEADERBOARD_SERVER=fake.address)
    fake.refusals.append(STORE_AWAY)

    done = run("user", "erase", "ada", "--yes")
    [report] = records(run("user", "erase", "ada", "--yes", "--json").out)

    loss = "all scores, names and attributes of ada in all contests and seasons are lost"
    assert refused == (ExitCode.INVALID, "", f"error: {loss}; confirm it with --yes\n")
    assert done.code == ExitCode.OK
    assert done.out.startswith("ada: erased from 3 contests, 3 parts in ")
    seconds = report.pop("seconds")
    assert isinstance(seconds, float)
    assert report == {
        "user_id": "ada",
        "contests_changed": 3,
        "parts": 3,
        "stopped": None,
        "continue_from": None,
    }
    assert run("user", "erase", "a da", "--yes").code == ExitCode.INVALID


def test_an_erase_that_fails_can_be_continued(fake: FakeService, run: Run) -> None:
    """The error has the token of the next part, with which another run does the rest."""
    parts(fake)
    fake.contests.fail_at["a b"] = INTERNAL

    failed = run("user", "erase", "ada", "--yes")
    scripted = run("user", "erase", "ada", "--yes", "--json")
    del fake.contests.fail_at["a b"]
    rest = run("user", "erase", "ada", "--from", "a b", "--yes")

    assert (failed.code, failed.out) == (ExitCode.UNEXPECTED, "")
    assert failed.err.startswith("error: ada: erased from 2 contests, 1 part in ")
    assert failed.err.endswith("it broke; go on with --from 'a b'\n")
    assert records(scripted.out)[0]["continue_from"] == "a b"
    assert rest.code == ExitCode.OK
    assert rest.out.startswith("ada: erased from 1 contest, 2 parts in ")


def test_an_erase_with_a_wrong_token(fake: FakeService, run: Run) -> None:
    """A token that the service rejects is wrong usage, and not one to go on with."""
    wrong = refusal(code_pb2.INVALID_ARGUMENT, "no token", "ERROR_REASON_INVALID_FIELD")
    fake.refusals.append(wrong)

    outcome = run("user", "erase", "ada", "--from", "zzz", "--yes")

    assert outcome == (ExitCode.INVALID, "", "error: no token\n")


def test_an_erase_that_is_interrupted_can_be_continued(fake: FakeService) -> None:
    """Ctrl-C ends it with the token of the next part; a terminal shows how far it is."""
    parts(fake)
    fake.contests.waiting_at = "c"

    arguments = ("user", "erase", "ada", "--server", fake.address)
    with OnTerminal(*arguments) as terminal:
        terminal.read_until(lambda shown: "are lost. Go on? [y/N]" in shown)
        terminal.press("y\n")
        terminal.read_until(lambda shown: "erased from 2 contests, 2 parts" in shown)
        terminal.press_ctrl_c()
        code, shown = terminal.read_to_end()
    fake.contests.waiting.set()

    assert code == ExitCode.INTERRUPTED
    assert "interrupted; go on with --from c" in " ".join(shown.split())


def test_export(fake: FakeService, run: Run) -> None:
    """Each contest with the user is a line, also where it is hidden, with or without a score."""
    begin(fake, ["chess", "cup", "laps", "quiz"])
    fake.contests.hidden = {"cup": {"x": 1, "y": 1, "ada": None}, "laps": {"ada": 7}}
    row = pb.RankedUser(user_id="ada", score=5, rank=2, place=2, attributes={"team": "red"})
    fake.ranks_of["chess"] = pb.BatchGetUserRanksResponse(users=[row], total_users=2)

    outcome = run("user", "export", "ada")
    fake.ranks_of.clear()
    nobody = run("user", "export", "nobody", "--json")

    assert (outcome.code, outcome.err) == (ExitCode.OK, "ada: in 3 of 4 contests\n")
    chess, cup, laps = records(outcome.out)
    assert (chess["contest_id"], chess["contest_name"], chess["hidden"]) == ("chess", "C", False)
    assert chess["user"] == {
        "user_id": "ada",
        "score": "5",
        "rank": 2,
        "place": 2,
        "display_name": "",
        "attributes": {"team": "red"},
    }
    assert (cup["contest_id"], cup["hidden"]) == ("cup", True)
    assert isinstance(cup["user"], dict)
    assert cup["user"]["score"] is None
    assert isinstance(laps["user"], dict)
    assert (laps["hidden"], laps["user"]["score"], laps["user"]["rank"]) == (True, "7", 0)
    assert (nobody.code, nobody.out) == (ExitCode.OK, "")
    assert records(nobody.err) == [{"notice": "nobody: in 0 of 4 contests"}]


def test_export_of_seasons(fake: FakeService, run: Run) -> None:
    """Each kept season with the user is a line, and one that is dropped meanwhile is none."""
    begin(fake, ["chess", "cup"])
    for season in (1, 2, 3, 4):
        fake.contests.seasons.setdefault("cup", []).insert(0, contests_pb2.Season(number=season))
    fake.contests.contests["cup"].season = 5
    fake.contests.hidden = {"cup": {"ada": 7}}
    row = pb.BatchGetUserRanksResponse(users=[pb.RankedUser(user_id="ada", score=5)])
    gone = refusal(code_pb2.NOT_FOUND, "no season", "ERROR_REASON_SEASON_NOT_FOUND")
    fake.ranks_in = {("cup", 4): row, ("cup", 2): row, ("cup", 1): gone}

    outcome = run("user", "export", "ada")

    assert (outcome.code, outcome.err) == (ExitCode.OK, "ada: in 1 of 2 contests\n")
    found = [(each["season"], each["hidden"], each["user"]) for each in records(outcome.out)]
    assert [(season, hidden) for season, hidden, _ in found] == [(5, True), (4, False), (2, False)]
    assert all(isinstance(user, dict) and user["user_id"] == "ada" for *_, user in found)


@pytest.mark.parametrize("command", ["remove", "hide", "unhide"])
def test_users_that_the_service_rejects(fake: FakeService, run: Run, command: str) -> None:
    """What the service rejects is an error of one line, with the exit code of its status."""
    status = refusal(code_pb2.INVALID_ARGUMENT, "twice", "ERROR_REASON_INVALID_FIELD")
    fake.refusals.append(status)
    confirmed = ["--yes"] if command == "remove" else []

    outcome = run("user", command, "chess", "ada", "ada", *confirmed)

    assert outcome == (ExitCode.INVALID, "", "error: twice\n")
