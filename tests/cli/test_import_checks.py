"""Checks of `import` before it sends anything: `--dry-run`, and files that are no CSV."""

import json
from pathlib import Path

import pytest

from cli.conftest import Run
from cli.fake_service import FakeService
from leaderboard_cli.failures import ExitCode

HEADER = "contest_id,user_id,points"
EVENTS = f"{HEADER}\nchess,ada,1\nchess,bob,2\ngo,ada,3\n"


def write(folder: Path, text: str, name: str = "events.csv") -> str:
    """Write a file and return its path."""
    file = folder / name
    file.write_text(text)
    return str(file)


def test_a_dry_run_sends_nothing(fake: FakeService, run: Run, tmp_path: Path) -> None:
    """It reads the whole file, says what would be sent, and calls no server."""
    outcome = run("import", write(tmp_path, EVENTS), "--dry-run")

    assert outcome == (
        ExitCode.OK,
        "events.csv: 3 events of 2 contests and 2 users, 0 bad lines; nothing was sent\n",
        "",
    )
    assert not fake.batches


def test_a_dry_run_needs_no_server(run: Run, tmp_path: Path) -> None:
    """A file can be checked where no server is reachable."""
    outcome = run("import", write(tmp_path, EVENTS), "--dry-run", "--server", "127.0.0.1:1")

    assert outcome.code == ExitCode.OK


@pytest.mark.parametrize(
    ("options", "exit_code"),
    [(["--dry-run"], ExitCode.BAD_LINES), (["--dry-run", "--skip-bad"], ExitCode.SKIPPED)],
)
def test_a_dry_run_finds_all_bad_lines(
    run: Run, tmp_path: Path, options: list[str], exit_code: ExitCode
) -> None:
    """It names each bad line, and its exit code is that of the import."""
    file = write(tmp_path, EVENTS + "chess,,1\nchess,eve,4\nbad\n")

    outcome = run("import", file, *options)

    assert outcome.code == exit_code
    assert outcome.out.startswith("events.csv: 4 events of 2 contests and 3 users, 2 bad lines;")
    assert outcome.err == "line 5: user_id is missing\nline 7: has 1 columns and not 3\n"


def test_a_dry_run_for_scripts(run: Run, tmp_path: Path) -> None:
    """With --json the counts and the bad lines are one object, and stderr is empty."""
    outcome = run("import", write(tmp_path, EVENTS + "bad\n"), "--dry-run", "--json")

    assert (outcome.code, outcome.err) == (ExitCode.BAD_LINES, "")
    assert json.loads(outcome.out) == {
        "dry_run": True,
        "events": 3,
        "contests": 2,
        "users": 2,
        "skipped": 1,
        "bad_lines": [{"line": 5, "reason": "has 1 columns and not 3"}],
    }


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    ("separator", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")]
)
def test_another_separator_gets_a_hint(
    fake: FakeService, run: Run, tmp_path: Path, separator: str, name: str, options: list[str]
) -> None:
    """A file whose columns are right, but not separated by commas, gets a hint at the separator."""
    file = write(tmp_path, EVENTS.replace(",", separator))

    outcome = run("import", file, *options)

    assert outcome.code == ExitCode.BAD_LINES
    assert (
        f"line 1: the columns are separated by {name}, but must be by commas; export it as CSV"
        in outcome.err
    )
    assert not fake.batches


def test_semicolons_in_an_unknown_header_get_no_hint(run: Run, tmp_path: Path) -> None:
    """A header with other columns is reported as it is."""
    outcome = run("import", write(tmp_path, "name;goals\nada;1\n"), "--dry-run")

    assert "line 1: unknown column 'name;goals'" in outcome.err
