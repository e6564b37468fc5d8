"""Standings that were exported make an equal board, whatever the rules; imports can be repeated."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Run
from harness.service import ServiceProcess
from leaderboard_cli.failures import ExitCode

NAMES = ["", "=1+1", "'quoted'", 'Zoë, "the" first', "-2", "@ada", "東京;=1"]
RULES = list(
    itertools.product(("highest", "lowest"), ("first", "last"), ("ordinal", "competition", "dense"))
)


@pytest.fixture(name="command")
def _command(service: ServiceProcess, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command against the service, which has to succeed."""
    monkeypatch.setenv("LEADERBOARD_SERVER", service.address)
    return run


def fill(command: Run, folder: Path, contests: list[str]) -> None:
    """Write a board with many ties, names and attributes into contests."""
    file = folder / "events.jsonl"
    events: list[dict[str, Any]] = [
        {
            "contest_id": contest,
            "user_id": f"{'=+-@_'[number % 5]}u{number}",
            "points": number * 7 % 5 - 2,
            "mode": "set",
            "display_name": NAMES[number % len(NAMES)],
            "attributes": {"team": f"=t{number % 3}"} if number % 2 else {},
        }
        for contest in contests
        for number in range(23)
    ]
    file.write_text("\n".join(map(json.dumps, events)))
    assert command("import", str(file)).code == ExitCode.OK


def exported(command: Run, contest: str, file: Path) -> list[str]:
    """Export a contest, and return the lines of its file without those that may differ."""
    outcome = command("export", contest, "--output", str(file))
    assert outcome.code == ExitCode.OK, outcome.err
    lines = file.read_bytes().decode().splitlines()
    if file.suffix == ".jsonl":
        described = json.loads(lines[0])
        lines[0] = json.dumps(described["rules"])
    return lines


def test_each_order_and_rank_style(command: Run, tmp_path: Path) -> None:
    """An import of JSON lines makes the contest with its rules and an equal board."""
    contests = ["-".join(rules) for rules in RULES]
    for contest, (order, ties, ranks) in zip(contests, RULES, strict=True):
        settings = ("--order", order, "--ties", ties, "--ranks", ranks, "--min-score", "-9")
        assert command("contest", "create", contest, *settings).code == ExitCode.OK
    fill(command, tmp_path, contests)

    for contest in contests:
        file = tmp_path / f"{contest}.jsonl"
        before = exported(command, contest, file)
        made = command("import", str(file), "--contest", f"{contest}-copy", "--batch-size", "5")
        assert made.out.startswith("sent 23 rows (23 counted, 0 repeated) in "), made.err
        assert exported(command, f"{contest}-copy", file) == before
        assert '"min_score": -9' in before[0]


def test_csv_and_another_tie_break(command: Run, tmp_path: Path) -> None:
    """An import of CSV makes an equal board in a contest whose equal scores rank otherwise."""
    command("contest", "create", "laps", "--order", "lowest", "--ranks", "dense")
    fill(command, tmp_path, ["laps"])
    file = tmp_path / "laps.csv"
    before = exported(command, "laps", file)
    command("contest", "create", "last", "--order", "lowest", "--ranks", "dense", "--ties", "last")

    for contest in ("last", "made"):
        assert command("import", str(file), "--contest", contest).code == ExitCode.OK
        assert exported(command, contest, file) == before


def test_a_repeated_import(command: Run, tmp_path: Path) -> None:
    """A repeat counts nothing, and goes on where one ended; in the next season rows count again."""
    fill(command, tmp_path, ["chess"])
    file, part = tmp_path / "chess.csv", tmp_path / "part.csv"
    before = exported(command, "chess", file)
    part.write_text("\r\n".join([*before[:9], ""]), newline="")

    assert command("import", str(part), "--contest", "copy").code == ExitCode.OK
    on = command("import", str(file), "--contest", "copy", "--json")
    again = command("import", str(file), "--contest", "copy")
    refused = command("import", str(part), "--contest", "chess")

    assert {**json.loads(on.out), "seconds": 0, "rows_per_second": 0} == {
        "sent": 23,
        "counted": 15,
        "repeated": 8,
        "skipped": 0,
        "bad_lines": [],
        "seconds": 0,
        "rows_per_second": 0,
        "stopped": None,
    }
    assert again.out.startswith("sent 23 rows (0 counted, 23 repeated) in ")
    assert exported(command, "copy", file) == before
    assert refused.code == ExitCode.REJECTED
    assert "chess has 23 users that are not of an earlier part of this import" in refused.err

    assert command("contest", "reset", "copy", "--yes").code == ExitCode.OK
    next_season = command("import", str(file), "--contest", "copy")
    assert next_season.out.startswith("sent 23 rows (23 counted, 0 repeated) in ")
    assert exported(command, "copy", file) == before


def test_what_does_not_fit(command: Run, tmp_path: Path) -> None:
    """Other rules and hidden users of the contest are found: nothing, or not all, is equal."""
    fill(command, tmp_path, ["chess"])
    file = tmp_path / "chess.csv"
    lines = exported(command, "chess", file)
    command("contest", "create", "laps", "--order", "lowest", "--ranks", "dense")
    command("contest", "create", "hides")
    command("user", "hide", "hides", "--", lines[1].split(",")[2].removeprefix("'"))

    other = command("import", str(file), "--contest", "laps")
    hides = command("import", str(file), "--contest", "hides")

    assert other.code == hides.code == ExitCode.REJECTED
    assert other.err == (
        "error: laps has --order lowest --ranks dense; "
        "these standings need --order highest --ranks ordinal\n"
    )
    assert hides.err == (
        "error: sent 23 rows (23 counted, 0 repeated), but the board has 22 users: "
        "others wrote, or users of the file are hidden\n"
    )


def test_scores_beyond_the_bounds(command: Run, tmp_path: Path) -> None:
    """Scores of before the bounds make an equal board without these; elsewhere nothing is sent."""
    fill(command, tmp_path, ["chess"])
    command("contest", "set", "chess", "--min-score", "-1", "--max-score", "1")
    command("contest", "create", "bounded", "--min-score", "-5", "--max-score", "1")
    file = tmp_path / "chess.jsonl"
    described, *rows = exported(command, "chess", file)

    refused = command("import", str(file), "--contest", "bounded")
    created = command("import", str(file), "--contest", "copy")

    assert (refused.code, created.code) == (ExitCode.REJECTED, ExitCode.OK)
    assert refused.err == "error: bounded has --max-score 1; these standings have scores beyond\n"
    assert command("top", "bounded").out == "bounded has no users yet\n"
    copied, *copies = exported(command, "copy", file)
    assert copies == rows
    bounds = {"min_score": -1, "max_score": 1}
    assert json.loads(described) == json.loads(copied) | bounds
