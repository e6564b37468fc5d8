"""`contest` creates contests, shows them, and changes their settings."""

import json

import pytest
from google.rpc import code_pb2

from cli.conftest import Run
from cli.fake_service import FakeService
from cli.refusals import refusal
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode

LAPS = (
    *("laps", "--display-name", "Lap times", "--order", "lowest", "--ties", "last"),
    *("--ranks", "dense", "--mode", "best", "--min-score", "-5", "--max-score", "60000"),
    *("--max-points", "100"),
)
LAPS_RULES = pb.ContestRules(
    order=pb.ORDER_LOWEST_FIRST,
    tie_break=pb.TIE_BREAK_LAST_REACHED,
    rank_style=pb.RANK_STYLE_DENSE,
    default_mode=pb.UPDATE_MODE_BEST,
    min_score=-5,
    max_score=60_000,
    max_points=100,
)


def words(text: str) -> list[list[str]]:
    """Return the words of each line that has any."""
    return [line.split() for line in text.splitlines() if line.strip()]


def settings(text: str) -> dict[str, str]:
    """Return the settings that a table shows."""
    return {name: " ".join(value) for name, *value in words(text)[3:]}


def changed(fake: FakeService) -> contests_pb2.UpdateContestRequest:
    """Return the only change of settings."""
    [request] = [each for each in fake.asked if isinstance(each, contests_pb2.UpdateContestRequest)]
    return request


def test_create_sends_all_settings(fake: FakeService, run: Run) -> None:
    """Each option sets its setting, and the contest is shown with them."""
    outcome = run("contest", "create", *LAPS)

    assert (outcome.code, outcome.err) == (ExitCode.OK, "")
    contest = contests_pb2.Contest(contest_id="laps", display_name="Lap times", rules=LAPS_RULES)
    assert fake.asked == [contests_pb2.CreateContestRequest(contest=contest)]
    assert outcome.out.splitlines()[0] == "laps: 0 users, open, since 2026-06-11T20:15:00Z"
    assert settings(outcome.out) == {
        "display-name": "Lap times",
        "starts-at": "none",
        "ends-at": "none",
        "expire-after": "none",
        "reset": "none",
        "keep-seasons": "10",
        "order": "lowest",
        "ties": "last",
        "ranks": "dense",
        "mode": "best",
        "min-score": "-5",
        "max-score": "60000",
        "max-points": "100",
    }


def test_create_leaves_out_what_is_not_given(fake: FakeService, run: Run) -> None:
    """Without options the request has only the id, and the defaults are shown."""
    outcome = run("contest", "create", "chess")

    contest = contests_pb2.Contest(contest_id="chess")
    assert fake.asked == [contests_pb2.CreateContestRequest(contest=contest)]
    assert settings(outcome.out) == {
        "display-name": "none",
        "starts-at": "none",
        "ends-at": "none",
        "expire-after": "none",
        "reset": "none",
        "keep-seasons": "10",
        "order": "highest",
        "ties": "first",
        "ranks": "ordinal",
        "mode": "increment",
        "min-score": "none",
        "max-score": "none",
        "max-points": "none",
    }


def test_create_can_be_repeated(fake: FakeService, run: Run) -> None:
    """The same settings again are no error; other ones are a conflict, in one line."""
    del fake
    run("contest", "create", *LAPS)

    again = run("contest", "create", *LAPS)
    other = run("contest", "create", "laps", "--order", "highest")

    assert again.code == ExitCode.OK
    assert other == (ExitCode.REJECTED, "", "error: it has other settings\n")


def test_show(fake: FakeService, run: Run) -> None:
    """`show` has the same as `create`, and an unknown contest has an exit code of its own."""
    created = run("contest", "create", *LAPS)

    assert run("contest", "show", "laps") == created
    nothing = run("contest", "show", "lap")
    assert nothing == (ExitCode.NOT_FOUND, "", "error: there is no contest lap\n")
    assert fake.asked[-1] == contests_pb2.GetContestRequest(contest_id="lap")


def test_a_contest_as_json(fake: FakeService, run: Run) -> None:
    """With --json `create`, `show` and `set` print the contest as one line."""
    del fake
    created = run("contest", "create", *LAPS, "--json").out
    shown = run("contest", "show", "laps", "--json").out
    renamed = run("contest", "set", "laps", "--display-name", "Laps", "--json").out

    assert created == shown
    assert created.count("\n") == 1
    assert json.loads(created)["contest_id"] == "laps"
    assert json.loads(created)["rules"]["order"] == "ORDER_LOWEST_FIRST"
    assert json.loads(created)["rules"]["max_score"] == "60000"
    assert json.loads(renamed)["display_name"] == "Laps"


def test_set_changes_only_what_is_given(fake: FakeService, run: Run) -> None:
    """The mask names the given settings, and all others stay."""
    run("contest", "create", *LAPS)

    outcome = run("contest", "set", "laps", "--max-points", "7", "--mode", "set")

    assert sorted(changed(fake).update_mask.paths) == ["rules.default_mode", "rules.max_points"]
    shown = settings(outcome.out)
    assert (shown["mode"], shown["max-points"], shown["order"]) == ("set", "7", "lowest")
    assert shown["display-name"] == "Lap times"


def test_set_unsets_settings(fake: FakeService, run: Run) -> None:
    """`--unset` names settings that get their default, also beside new values."""
    run("contest", "create", *LAPS)

    unset = ("--unset", "max-points", "--unset", "min-score", "--unset", "display-name")
    outcome = run("contest", "set", "laps", "--max-score", "9", *unset)

    assert sorted(changed(fake).update_mask.paths) == [
        "display_name",
        "rules.max_points",
        "rules.max_score",
        "rules.min_score",
    ]
    shown = settings(outcome.out)
    assert (shown["min-score"], shown["max-points"], shown["max-score"]) == ("none", "none", "9")
    assert shown["display-name"] == "none"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ([], "no setting is given"),
        (["--order", "lowest", "--unset", "order"], "--order and --unset order exclude each other"),
        (["--unset", "colour"], "'colour' is not one of 'display-name', 'starts-at'"),
        (["--order", "best"], "'best' is not one of 'highest', 'lowest'"),
        (["--max-points", "0"], "Invalid value for '--max-points'"),
        (["--max-score", "9007199254740993"], "9007199254740993 is beyond 2^53"),
        (["--ends-at", "tomorrow"], "--ends-at 'tomorrow' is not a time like 2026-06-11T20:15:00Z"),
        (["--expire-after", "30"], "--expire-after '30' is not a duration like 90s, 15m, 12h or"),
        (["--expire-after", "999ms"], "--expire-after '999ms' is not from 1s to 36525d"),
        (["--min-score", "low"], "Invalid value for '--min-score'"),
    ],
)
def test_wrong_settings_are_not_sent(
    fake: FakeService, run: Run, options: list[str], problem: str
) -> None:
    """Settings that are unknown, out of range or contradict each other are wrong usage."""
    outcome = run("contest", "set", "chess", *options, "--json")

    assert outcome.code == ExitCode.INVALID
    assert problem in json.loads(outcome.err)["error"]["message"]
    assert not fake.asked


def test_locked_rules_are_a_conflict(fake: FakeService, run: Run) -> None:
    """A rule that can't be changed any more is an error of one line, with its field for scripts."""
    locked = refusal(
        code_pb2.FAILED_PRECONDITION,
        "the board has scores",
        "ERROR_REASON_RULES_LOCKED",
        field="rules.order",
    )
    fake.refusals.extend([locked, locked])

    people = run("contest", "set", "chess", "--order", "lowest")
    script = run("contest", "set", "chess", "--order", "lowest", "--json")

    assert people == (ExitCode.REJECTED, "", "error: the board has scores\n")
    error = json.loads(script.err)["error"]
    assert error["reason"] == "ERROR_REASON_RULES_LOCKED"
    assert error["metadata"] == {"field": "rules.order"}


def test_an_update_of_an_unknown_contest(fake: FakeService, run: Run) -> None:
    """Where a score does not begin a contest, `update` says that there is none."""
    fake.refusals.append(
        refusal(code_pb2.NOT_FOUND, "there is no contest", "ERROR_REASON_CONTEST_NOT_FOUND")
    )

    outcome = run("update", "chess", "ada", "1")

    assert outcome == (ExitCode.NOT_FOUND, "", "error: there is no contest\n")


def test_an_unknown_value_is_shown_as_its_number(fake: FakeService, run: Run) -> None:
    """A rule of a later version of the service does not fail."""
    rules = pb.ContestRules.FromString(b"\x18\x09")
    fake.contests.contests["chess"] = contests_pb2.Contest(contest_id="chess", rules=rules)

    assert settings(run("contest", "show", "chess").out)["ranks"] == "9"


@pytest.fixture(name="many")
def _many(fake: FakeService) -> FakeService:
    """Start a service with more contests than a page has."""
    for number in range(2_500):
        name = f"cup-{number:04}"
        fake.contests.contests[name] = contests_pb2.Contest(contest_id=name, total_users=number)
    fake.contests.contests["laps"] = contests_pb2.Contest(
        contest_id="laps", display_name="Lap times", rules=LAPS_RULES, total_users=7
    )
    return fake


def test_list_goes_through_all_pages(many: FakeService, run: Run) -> None:
    """All contests are listed once, in the order of their ids, with their rules."""
    outcome = run("contest", "list")

    head, _, *rows, last = words(outcome.out)
    assert head == ["Contest", "Users", "Name", "Rules"]
    assert [row[0] for row in rows] == [f"cup-{number:04}" for number in range(2_500)]
    assert rows[1_234] == ["cup-1234", "1,234"]
    assert " ".join(last) == (
        "laps 7 Lap times order lowest, ties last, ranks dense, mode best, "
        "min-score -5, max-score 60000, max-points 100"
    )
    assert len(many.asked) == 3


def test_list_takes_a_prefix(many: FakeService, run: Run) -> None:
    """With a prefix there are only contests that begin with it."""
    outcome = run("contest", "list", "--prefix", "la", "--json")

    [line] = outcome.out.splitlines()
    assert json.loads(line)["contest_id"] == "laps"
    [request] = many.asked
    assert isinstance(request, contests_pb2.ListContestsRequest)
    assert request.id_prefix == "la"


@pytest.mark.parametrize("limit", [1, 1_000, 2_000])
def test_list_has_a_limit(many: FakeService, run: Run, limit: int) -> None:
    """A limit bounds what is shown and read, and the table says that there are more."""
    table = run("contest", "list", "--limit", str(limit)).out.splitlines()
    pages = len(many.asked)
    lines = run("contest", "list", "--limit", str(limit), "--json").out.splitlines()

    assert len(lines) == limit
    assert sum(line.startswith(" cup-") for line in table) == limit
    assert table[-1] == f"there are more than these {limit:,}"
    assert pages == limit // 1_000 + 1


def test_list_of_just_so_many(many: FakeService, run: Run) -> None:
    """A limit that is not passed is not mentioned."""
    del many

    assert "more" not in run("contest", "list", "--limit", "2501").out


def test_list_of_nothing_says_so(fake: FakeService, run: Run) -> None:
    """Without contests there is a line for people, and nothing for scripts."""
    del fake

    assert run("contest", "list") == (0, "there are no contests yet\n", "")
    assert run("contest", "list", "--prefix", "x") == (0, "no contest begins with x\n", "")
    assert run("contest", "list", "--json") == (0, "", "")


def test_a_group_alone_shows_its_commands(run: Run) -> None:
    """`contest` without a command shows the help; a misspelled one gets a suggestion."""
    alone = run("contest")
    typo = run("contest", "clos")

    assert alone.code == typo.code == ExitCode.INVALID
    assert all(f" {name} " in alone.out + alone.err for name in ("create", "show", "list", "set"))
    assert "Did you mean 'close'?" in typo.err
