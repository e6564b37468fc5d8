"""`import` recognises standings, checks them before it sends any, and says what is wrong."""

import json
from pathlib import Path

import pytest

from cli.conftest import Run
from cli.fake_service import FakeService
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.contests_pb2 import Contest
from leaderboard_cli.failures import ExitCode

HEADER = "place,rank,user_id,score,display_name,attributes"
ROWS = ['1,1,ada,9,\'=Ada,"{""team"":""red""}"', "2,2,bob,7,,", "3,2,eve,7,,", "4,4,zoe,-1,,"]
DESCRIBED = {
    "format": "leaderboard.standings",
    "version": 1,
    "contest_id": "chess",
    "season": 1,
    "position": {"epoch": "e", "revision": 3},
    "rules": {"rank_style": "RANK_STYLE_COMPETITION"},
    "total_users": 2,
    "exported_at": "2026-06-11T20:15:00Z",
}


def csv_file(folder: Path, *lines: str, header: str = HEADER) -> str:
    """Return the name of a CSV file."""
    file = folder / "chess.csv"
    file.write_text("\r\n".join([header, *lines, ""]), newline="")
    return str(file)


def row(user_id: str, place: int, rank: int, **others: object) -> dict[str, object]:
    """Return a row in JSON."""
    plain = {"score": 5, "display_name": "", "attributes": {}}
    return {"place": place, "rank": rank, "user_id": user_id, **plain, **others}


def json_file(folder: Path, *records: dict[str, object], **described: object) -> str:
    """Return the name of a file of JSON lines."""
    file = folder / "chess.jsonl"
    lines = map(json.dumps, [DESCRIBED | described, *records])
    file.write_text("\n".join(lines) + "\n")
    return str(file)


def test_a_dry_run_needs_no_server(run: Run, tmp_path: Path) -> None:
    """A dry run counts the rows of either format."""
    checked = run("import", csv_file(tmp_path, *ROWS, "", ""), "--dry-run")
    record = run(
        "import", json_file(tmp_path, row("a", 1, 1), row("b", 2, 1)), "--dry-run", "--json"
    )

    assert checked.out == "chess.csv: 4 rows of standings; nothing was sent\n"
    assert json.loads(record.out) == {"dry_run": True, "rows": 2}


def test_rows_are_sent_as_they_were(fake: FakeService, run: Run, tmp_path: Path) -> None:
    """The contest is created with rules that lead to these rows, which are set, the best first."""
    outcome = run("import", csv_file(tmp_path, *ROWS), "--contest", "copy")

    assert outcome.code == ExitCode.REJECTED  # this service does not count users
    assert fake.contests.contests["copy"].rules == pb.ContestRules(
        rank_style=pb.RANK_STYLE_COMPETITION
    )
    first, *_, last = fake.received
    assert (first.user_id, first.points, first.display_name, dict(first.attributes)) == (
        *("ada", 9, "=Ada"),
        {"team": "red"},
    )
    assert (last.user_id, last.points, last.mode, last.season) == ("zoe", -1, pb.UPDATE_MODE_SET, 1)
    assert len({update.request_id for update in fake.received}) == len(ROWS)


def test_the_worst_go_first_where_the_last_one_leads(
    fake: FakeService, run: Run, tmp_path: Path
) -> None:
    """Where of equal scores the last one is first, the rows are sent from the end."""
    rules = pb.ContestRules(
        tie_break=pb.TIE_BREAK_LAST_REACHED, rank_style=pb.RANK_STYLE_COMPETITION
    )
    fake.contests.contests["copy"] = Contest(contest_id="copy", rules=rules)

    run("import", csv_file(tmp_path, *ROWS), "--contest", "copy", "--batch-size", "3")

    assert [update.user_id for update in fake.received] == ["zoe", "eve", "bob", "ada"]
    assert fake.batches == [3, 1]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ((), "the file has standings: add --contest CONTEST"),
        (("--contest", "copy", "--skip-bad"), "leave out --skip-bad"),
    ],
)
def test_options(run: Run, tmp_path: Path, options: tuple[str, ...], why: str) -> None:
    """Standings need a contest, and are not imported in part."""
    outcome = run("import", csv_file(tmp_path, *ROWS), *options, "--json")

    assert outcome.code == ExitCode.INVALID
    assert why in outcome.err


def test_events_name_their_contest(run: Run, tmp_path: Path) -> None:
    """A file of events is not sent to another contest."""
    events = csv_file(tmp_path, "chess,ada,1", header="contest_id,user_id,points")

    outcome = run("import", events, "--contest", "copy", "--json")

    assert outcome.code == ExitCode.INVALID
    assert "--contest is for standings" in outcome.err


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("5,5,ann,-2,,", "line 5: place 5 does not follow place 3"),
        ("4,4,ann,8,,", "line 5: score 8 does not follow 7"),
        ("4,2,ann,-2,,", "line 5: rank 2 of place 4 does not follow rank 2"),
        ("4,4,bob,-2,,", "line 5: user_id 'bob' comes twice"),
        ("4,4,a b,-2,,", "line 5: user_id 'a b' is not 1 to 128 printable"),
        ("4,4,ann,-2", "line 5: has 4 columns and not 6"),
        ("4,4,ann,-2.5,,", "line 5: score '-2.5' is not an integer"),
        ("4,4,ann,-2,,x", "line 5: is not JSON: Expecting value"),
        ("4,4,ann,-2,,[]", "line 5: is not a JSON object"),
        ("4,4,ann,-99999999999999999,,", "line 5: score -99999999999999999 is beyond 2^53"),
    ],
)
def test_bad_rows_of_csv(run: Run, tmp_path: Path, line: str, why: str) -> None:
    """A bad row is named with its line, and nothing is sent."""
    outcome = run("import", csv_file(tmp_path, *ROWS[:3], line), "--dry-run")

    assert outcome.code == ExitCode.BAD_LINES
    assert outcome.err.startswith(f"error: nothing was sent: {why}")


@pytest.mark.parametrize(
    ("described", "why"),
    [
        ({"total_users": 3}, "line 3: 2 of 3 rows are there"),
        ({"version": 2}, "line 1: is of version 2, not 1"),
        ({"rules": {"rank_style": "RANK_STYLE_OTHER"}}, "line 1: can't be read: "),
        ({"rules": {"rank_style": "RANK_STYLE_DENSE"}, "total_users": 2}, ""),
        ({"rules": {}}, "line 3: rank 1 of place 2 does not follow rank 1"),
    ],
)
def test_descriptions(run: Run, tmp_path: Path, described: dict[str, object], why: str) -> None:
    """The rows have to be as many as the first line says, with ranks by its rules."""
    file = json_file(tmp_path, row("ada", 1, 1), row("bob", 2, 1), **described)
    outcome = run("import", file, "--dry-run")

    assert outcome.code == (ExitCode.BAD_LINES if why else ExitCode.OK)
    assert outcome.err.startswith(f"error: nothing was sent: {why}" if why else "")


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({"place": 1}, "line 2: does not have the names place, rank, "),
        (row("ada", 1, 1, attributes={"team": 1}), "line 2: is no row: "),
        (row("ada", 1, 1, score="5"), "line 2: is no row: "),
        (row("ada", 1, 1, score=1.5), "line 2: is no row: "),
    ],
)
def test_bad_rows_of_json(run: Run, tmp_path: Path, record: dict[str, object], why: str) -> None:
    """An object that is no row is named with its line."""
    outcome = run("import", json_file(tmp_path, record), "--dry-run")

    assert outcome.code == ExitCode.BAD_LINES
    assert outcome.err.startswith(f"error: nothing was sent: {why}")


def test_other_separators(run: Run, tmp_path: Path) -> None:
    """A file that a spreadsheet saved with other separators is recognised, and refused."""
    file = csv_file(tmp_path, "1;1;ada;9;;", header=HEADER.replace(",", ";"))

    outcome = run("import", file, "--dry-run")

    assert outcome.code == ExitCode.BAD_LINES
    assert f"line 1: the columns of standings are {HEADER}, with commas" in outcome.err
