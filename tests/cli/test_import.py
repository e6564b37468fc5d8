"""`import` sends a file in order, counts each event once, and prints the counts."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status

from cli.command import OnTerminal, run_in_pipe
from cli.conftest import Run
from cli.fake_service import FakeService
from cli.refusals import STORE_AWAY, refusal
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode

HEADER = "contest_id,user_id,points"
OUT_OF_RANGE = refusal(
    code_pb2.OUT_OF_RANGE, "the score would pass 2^53", "ERROR_REASON_SCORE_OUT_OF_RANGE"
)


@pytest.fixture(name="write")
def _write(tmp_path: Path) -> Callable[..., str]:
    """Return a function that writes a CSV file of some lines."""

    def write(*lines: str) -> str:
        file = tmp_path / "events.csv"
        file.write_text("\n".join([HEADER, *lines]) + "\n")
        return str(file)

    return write


def sent(fake: FakeService) -> list[int]:
    """Return the points of each update that arrived, in order."""
    return [update.points for update in fake.received]


def rejecting(status: Status, *points: int) -> Callable[[pb.UpdateScoreRequest], Status | None]:
    """Return a function that rejects the updates with these points."""
    return lambda update: status if update.points in points else None


def rejecting_once(
    status: Status, *points: int
) -> Callable[[pb.UpdateScoreRequest], Status | None]:
    """Return a function that rejects the updates with these points once."""
    due = set(points)

    def refuse(update: pb.UpdateScoreRequest) -> Status | None:
        if update.points in due:
            due.remove(update.points)
            return status
        return None

    return refuse


def test_events_go_in_order_and_in_batches(
    fake: FakeService, run: Run, write: Callable[..., str]
) -> None:
    """All events arrive in the order of the file, in batches of the chosen size."""
    file = write(*(f"chess,ada,{points}" for points in range(7)))

    outcome = run("import", file, "--batch-size", "3")

    assert outcome.code == ExitCode.OK
    assert outcome.out.startswith("sent 7 events (7 counted, 0 repeated) in ")
    assert sent(fake) == list(range(7))
    assert fake.batches == [3, 3, 1]


def test_importing_again_counts_nothing_twice(
    fake: FakeService, run: Run, write: Callable[..., str]
) -> None:
    """The same file again, and then with lines appended, counts only the new lines."""
    run("import", write("chess,ada,1", "chess,ada,1", "go,bob,5"))

    again = run("import", write("chess,ada,1", "chess,ada,1", "go,bob,5", "chess,ada,1"))

    assert again.out.startswith("sent 4 events (1 counted, 3 repeated) in ")
    assert fake.scores == {("chess", "ada"): 3, ("go", "bob"): 5}


def test_stdin_is_a_file_too(fake: FakeService) -> None:
    """`-` reads the standard input in the format that is named."""
    line = b'{"contest_id": "chess", "user_id": "ada", "points": 4}\n'

    outcome = run_in_pipe("import", "-", "--format", "jsonl", given=line * 2)

    assert outcome.out.startswith("sent 2 events (2 counted, 0 repeated) in ")
    assert outcome.err == ""
    assert fake.scores == {("chess", "ada"): 8}


def test_an_unknown_suffix_needs_a_format(fake: FakeService, run: Run, tmp_path: Path) -> None:
    """A file with an unknown suffix is rejected unless --format names its format."""
    file = tmp_path / "events.txt"
    file.write_text(f"{HEADER}\nchess,ada,1\n")

    refused = run("import", str(file))
    named = run("import", str(file), "--format", "csv")

    assert (refused.code, named.code) == (ExitCode.INVALID, ExitCode.OK)
    assert "--format csv or --format jsonl" in refused.err
    assert sent(fake) == [1]


def test_an_empty_file_is_not_an_error(
    fake: FakeService, run: Run, write: Callable[..., str]
) -> None:
    """A file without events sends nothing."""
    outcome = run("import", write())

    assert (outcome.code, fake.batches) == (ExitCode.OK, [])
    assert outcome.out.startswith("sent 0 events (0 counted, 0 repeated) in ")


def test_nothing_after_a_bad_line_is_sent(
    fake: FakeService, run: Run, write: Callable[..., str]
) -> None:
    """The lines before the bad line are sent and none after it, and the message says both."""
    run("import", write("chess,ada,1"))
    fake.received.clear()

    outcome = run("import", write("chess,ada,1", "chess,ada,2", "chess,ada,x", "chess,ada,3"))

    assert outcome == (
        ExitCode.BAD_LINES,
        "",
        (
            "error: sent 2 events (1 counted, 1 repeated), "
            "stopped at line 4: points 'x' is not an integer\n"
        ),
    )
    assert sent(fake) == [1, 2]


def test_bad_lines_are_skipped_on_request(
    fake: FakeService, run: Run, write: Callable[..., str]
) -> None:
    """With --skip-bad the rest is sent, each bad line is named, and the exit code says so."""
    outcome = run("import", "--skip-bad", write("chess,ada,1", "chess,,2", "chess", "chess,ada,3"))

    assert outcome.code == ExitCode.SKIPPED
    assert outcome.out.startswith("sent 2 events (2 counted, 0 repeated), skipped 2 in ")
    assert outcome.err == "line 3: user_id is missing\nline 4: has 1 columns and not 3\n"
    assert sent(fake) == [1, 3]


def test_many_bad_lines_are_counted(fake: FakeService, run: Run, write: Callable[..., str]) -> None:
    """Only the first twenty bad lines are named, the others are counted."""
    outcome = run("import", "--skip-bad", write(*["bad"] * 1_030, "chess,ada,1"))

    named = outcome.err.splitlines()
    assert len(named) == 21
    assert named[-1] == "and 1,010 more bad lines"
    assert sent(fake) == [1]


def test_a_rejected_line_stops_the_import(
    fake: FakeService, run: Run, write: Callable[..., str]
) -> None:
    """A line that the service rejects stops the import; later lines of its batch are counted."""
    fake.refuse_update = rejecting(OUT_OF_RANGE, 2)
    file = write(*(f"chess,ada,{points}" for points in range(1, 8)))

    outcome = run("import", file, "--batch-size", "4")

    assert outcome.code == ExitCode.BAD_LINES
    assert outcome.err == (
        "error: sent 3 events (3 counted, 0 repeated), stopped at line 3: the score would pass "
        "2^53; later lines of its batch sent with it: 2, taken: 2\n"
    )
    assert sent(fake) == [1, 2, 3, 4]


def test_batches_of_one_stop_exactly(
    fake: FakeService, run: Run, write: Callable[..., str]
) -> None:
    """With --batch-size 1 nothing after a rejected line is sent."""
    fake.refuse_update = rejecting(OUT_OF_RANGE, 2)

    outcome = run("import", write("chess,a,1", "chess,a,2", "chess,a,3"), "--batch-size", "1")

    assert outcome.err.endswith(
        "error: sent 1 event (1 counted, 0 repeated), "
        "stopped at line 3: the score would pass 2^53\n"
    )
    assert sent(fake) == [1, 2]


def test_rejected_lines_are_skipped_on_request(
    fake: FakeService, run: Run, write: Callable[..., str]
) -> None:
    """With --skip-bad a rejected line is named like any bad line, in the order of the file."""
    fake.refuse_update = rejecting(OUT_OF_RANGE, 2)

    outcome = run("import", "--skip-bad", write("chess,a,1", "chess,a,2", "bad", "chess,a,3"))

    assert outcome.code == ExitCode.SKIPPED
    assert outcome.err.splitlines() == [
        "line 3: the score would pass 2^53",
        "line 4: has 1 columns and not 3",
    ]
    assert sent(fake) == [1, 2, 3]


def test_unavailable_updates_are_sent_again(
    fake: FakeService, run: Run, write: Callable[..., str]
) -> None:
    """Updates that were unavailable are sent again, in order and before any later update."""
    fake.refuse_update = rejecting_once(STORE_AWAY, 2, 3)

    outcome = run("import", write(*(f"chess,ada,{n}" for n in range(1, 6))), "--batch-size", "3")

    assert outcome.out.startswith("sent 5 events (5 counted, 0 repeated) in ")
    assert sent(fake) == [1, 2, 3, 2, 3, 4, 5]


def test_an_unavailable_batch_is_sent_again(
    fake: FakeService, run: Run, write: Callable[..., str]
) -> None:
    """A whole batch that was unavailable is sent again with the same request ids."""
    fake.refusals.append(STORE_AWAY)

    outcome = run("import", write("chess,ada,1", "chess,ada,1"))

    assert outcome.out.startswith("sent 2 events (2 counted, 0 repeated) in ")
    first, second = fake.received[:2], fake.received[2:]
    assert first == second


def test_nothing_after_a_rejected_line_is_sent_again(
    fake: FakeService, run: Run, write: Callable[..., str]
) -> None:
    """Of a batch with a rejected line, only the lines before it are sent again."""
    once = rejecting_once(STORE_AWAY, 1, 3)
    fake.refuse_update = lambda update: OUT_OF_RANGE if update.points == 2 else once(update)

    outcome = run("import", write("chess,ada,1", "chess,ada,2", "chess,bob,3"))

    assert outcome.code == ExitCode.BAD_LINES
    assert "later lines of its batch sent with it: 1, taken: 0" in outcome.err
    assert sent(fake) == [1, 2, 3, 1]


@pytest.mark.usefixtures("two_attempts")
def test_an_outage_ends_the_import_with_its_counts(
    fake: FakeService, run: Run, write: Callable[..., str]
) -> None:
    """If the service stays unavailable, the import ends with the counts up to then."""
    fake.refuse_update = rejecting(STORE_AWAY, 3)
    file = write(*(f"chess,ada,{points}" for points in range(1, 5)))

    outcome = run("import", file, "--batch-size", "4")

    assert outcome == (
        ExitCode.UNAVAILABLE,
        "",
        (
            "error: sent 3 events (3 counted, 0 repeated), stopped: line 4: the store is away; "
            "import the file again to go on, nothing counts twice\n"
        ),
    )


def test_a_rejected_batch_ends_the_import(
    fake: FakeService, run: Run, write: Callable[..., str]
) -> None:
    """A batch that is rejected as a whole ends the import with the exit code of its status."""
    fake.refusals.append(
        refusal(code_pb2.RESOURCE_EXHAUSTED, "too large", "ERROR_REASON_MESSAGE_TOO_LARGE")
    )

    outcome = run("import", write("chess,ada,1"))

    assert outcome == (
        ExitCode.REJECTED,
        "",
        "error: sent 0 events (0 counted, 0 repeated), stopped: too large\n",
    )


def test_a_bad_header_sends_nothing(fake: FakeService, run: Run, tmp_path: Path) -> None:
    """A file with an unknown column is rejected as a whole, with --skip-bad too."""
    file = tmp_path / "events.csv"
    file.write_text("contest_id,user_id,points,colour\nchess,ada,1,red\n")

    outcome = run("import", str(file), "--skip-bad")

    assert outcome.code == ExitCode.BAD_LINES
    assert "line 1: unknown column 'colour'; the columns are " in outcome.err
    assert fake.batches == []


def test_json_is_the_summary(fake: FakeService, run: Run, write: Callable[..., str]) -> None:
    """With --json the summary is one object, also if the import stopped."""
    fake.refuse_update = rejecting(OUT_OF_RANGE, 2)
    whole = run("import", "--json", "--skip-bad", write("chess,ada,1", "chess,ada,2"))
    stopped = run("import", "--json", write("chess,ada,1", "bad"))

    summary = json.loads(whole.out)
    assert summary.pop("seconds") >= 0
    assert summary.pop("events_per_second") >= 0
    assert summary == {
        "sent": 1,
        "counted": 1,
        "repeated": 0,
        "skipped": 1,
        "bad_lines": [{"line": 3, "reason": "the score would pass 2^53"}],
        "stopped": None,
    }
    assert json.loads(stopped.out)["stopped"] == "stopped at line 3: has 1 columns and not 3"
    assert (whole.code, stopped.code) == (ExitCode.SKIPPED, ExitCode.BAD_LINES)


def test_a_terminal_shows_the_progress(fake: FakeService, write: Callable[..., str]) -> None:
    """On a terminal a bar shows share, events, rate and time left, and then the summary."""
    file = write(*(f"chess,ada,{points}" for points in range(50)))

    with OnTerminal("import", file, "--server", fake.address) as terminal:
        code, shown = terminal.read_to_end()

    assert code == ExitCode.OK
    assert "events.csv" in shown
    assert "100%" in shown
    assert "50 events, " in shown
    assert "sent 50 events (50 counted, 0 repeated) in " in shown


def test_ctrl_c_prints_the_counts(fake: FakeService, write: Callable[..., str]) -> None:
    """Ctrl-C ends an import with 130 and prints the counts up to then."""
    fake.refuse_update = rejecting(STORE_AWAY, 1)
    file = write("chess,ada,0", "chess,ada,1")

    with OnTerminal("import", file, "--batch-size", "1", "--server", fake.address) as terminal:
        terminal.read_until(lambda _: len(fake.received) > 1)
        terminal.press_ctrl_c()
        code, shown = terminal.read_to_end()

    assert code == ExitCode.INTERRUPTED
    assert "sent 1 event (1 counted, 0 repeated), interrupted" in shown
    assert "Traceback" not in shown


@pytest.mark.usefixtures("two_attempts")
@pytest.mark.parametrize("code", [code_pb2.UNKNOWN, code_pb2.CANCELLED])
def test_a_broken_connection_is_retried(
    fake: FakeService, run: Run, write: Callable[..., str], code: int
) -> None:
    """A batch whose connection broke is sent again; after --timeout a line says how to go on."""
    fake.refusals.append(refusal(code, "Stream removed"))
    sent_again = run("import", write("chess,ada,1"))
    fake.refusals.extend([refusal(code, "Stream removed")] * 2)

    unanswered = run("import", write("chess,ada,2"))

    assert sent_again.out.startswith("sent 1 event (1 counted, 0 repeated) in ")
    assert unanswered.code == ExitCode.UNAVAILABLE
    assert unanswered.err.endswith("; import the file again to go on, nothing counts twice\n")
