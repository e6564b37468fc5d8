"""`watch` shows a contest as it changes: a live table, lines in a pipe, or JSON."""

import json
import re

import pytest
from google.protobuf import json_format
from google.rpc import code_pb2, status_pb2

from cli.command import OnTerminal, plain_lines
from cli.conftest import Run
from cli.fake_service import FakeService
from cli.refusals import refusal
from cli.watch_messages import BOB_WINS, DRAINING, FIRST, OVER, SNAPSHOT_AGAIN
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode


def test_a_pipe_gets_a_line_for_each_change(fake: FakeService, run: Run) -> None:
    """In a pipe the snapshot is a table and each change a line: rank, name, score, move."""
    fake.stream = [FIRST, BOB_WINS, OVER]

    outcome = run("watch", "chess")

    lines = [" ".join(line.split()) for line in outcome.out.splitlines() if line.strip()]
    assert lines[0] == "chess"
    assert "1 Ada L. 5 ada" in lines
    assert lines[-2:] == ["1. bob 6 (+3 ▲1) win", "3. eve 1 (+1 new)"]
    assert (outcome.code, outcome.err) == (ExitCode.OK, "chess is over\n")
    assert fake.asked == [
        pb.WatchContestRequest(contest_id="chess", limit=10, scope=pb.WATCH_SCOPE_TOP)
    ]


def test_json_is_a_message_a_line(fake: FakeService, run: Run) -> None:
    """With --json each message of the stream is one line, the last one included."""
    fake.stream = [FIRST, BOB_WINS, OVER]

    outcome = run("watch", "chess", "--json", "--scope", "all", "--limit", "3")

    first, changed, over = map(json.loads, outcome.out.splitlines())
    assert first["snapshot"]["reason"] == "SNAPSHOT_REASON_INITIAL"
    assert changed["changes"]["changes"][0]["points"] == "3"
    assert changed["previous_revision"] == "7"
    assert over["end"] == {"reason": "END_REASON_CONTEST_OVER"}
    assert fake.asked == [
        pb.WatchContestRequest(contest_id="chess", limit=3, scope=pb.WATCH_SCOPE_ALL)
    ]


def test_naming_users_watches_them(fake: FakeService, run: Run) -> None:
    """`--user` alone means the scope USERS."""
    fake.stream = [FIRST, BOB_WINS, OVER]

    run("watch", "chess", "--user", "ada", "--user", "bob")

    assert fake.asked == [
        pb.WatchContestRequest(
            contest_id="chess", limit=10, scope=pb.WATCH_SCOPE_USERS, user_ids=["ada", "bob"]
        )
    ]


def test_a_new_snapshot_says_why(fake: FakeService, run: Run) -> None:
    """A snapshot in place of changes is shown with its reason."""
    lagged = pb.WatchContestResponse()
    lagged.CopyFrom(FIRST)
    lagged.snapshot.reason = pb.SNAPSHOT_REASON_LAGGED
    fake.stream = [FIRST, lagged, BOB_WINS, OVER]

    shown = run("watch", "chess").out

    assert "chess, board reloaded: this watcher fell too far behind" in shown


@pytest.mark.parametrize(
    ("stream", "rejected", "why"),
    [
        ([FIRST, DRAINING], None, "the server is shutting down"),
        ([FIRST], None, "the server ended the watch without a reason"),
        (
            [FIRST],
            refusal(code_pb2.UNAVAILABLE, "Socket closed"),
            "can't reach a leaderboard server at {server}: Socket closed",
        ),
    ],
    ids=["draining", "no end", "lost"],
)
def test_a_lost_watch_goes_on(
    fake: FakeService,
    run: Run,
    stream: list[pb.WatchContestResponse],
    rejected: status_pb2.Status | None,
    why: str,
) -> None:
    """A lost watch resumes; each change is printed once, and stderr says what happened."""
    fake.streams.append(stream)
    fake.refusals.extend([rejected] if rejected else [])
    fake.stream = [BOB_WINS, OVER]

    outcome = run("watch", "chess")

    lost, back, over = outcome.err.splitlines()
    assert lost == f"reconnecting: {why.format(server=fake.address)}"
    assert re.fullmatch(r"reconnected after \d\.\d s", back)
    assert (outcome.code, over) == (ExitCode.OK, "chess is over")
    assert outcome.out.count("Rank") == outcome.out.count("bob  6") == 1
    _, resumed = fake.asked
    assert isinstance(resumed, pb.WatchContestRequest)
    assert resumed.resume_after == FIRST.position


def test_json_goes_on_with_the_next_stream(fake: FakeService, run: Run) -> None:
    """With --json stdout has every message of every stream, and nothing else."""
    fake.streams.append([FIRST, DRAINING])
    fake.stream = [BOB_WINS, OVER]

    outcome = run("watch", "chess", "--json")

    printed = [
        json_format.Parse(line, pb.WatchContestResponse()) for line in outcome.out.splitlines()
    ]
    assert printed == [FIRST, DRAINING, BOB_WINS, OVER]


def test_a_gap_is_never_shown(fake: FakeService, run: Run) -> None:
    """A message that does not continue the last one is not shown; the board is reloaded."""
    gap = pb.WatchContestResponse()
    gap.CopyFrom(BOB_WINS)
    gap.previous_revision = 6
    fake.streams.append([FIRST, gap])
    fake.stream = [SNAPSHOT_AGAIN, OVER]

    outcome = run("watch", "chess")

    assert outcome.code == ExitCode.OK
    assert "▲" not in outcome.out
    assert outcome.out.count("Rank") == 2
    assert "the stream continues after revision 6, the board is at 7" in outcome.err


def test_a_server_that_can_not_be_reached_ends_the_watch(run: Run) -> None:
    """A watch that can't begin ends after --timeout, with the reason of the last attempt."""
    outcome = run("watch", "chess", "--server", "127.0.0.1:1", "--timeout", "1")

    assert outcome == (
        ExitCode.UNAVAILABLE,
        "",
        "error: can't reach a leaderboard server at 127.0.0.1:1: Connection refused\n",
    )


def test_a_rejected_watch_ends(fake: FakeService, run: Run) -> None:
    """A watch that the service rejects ends at once."""
    fake.streams.append([])
    fake.refusals.append(
        refusal(code_pb2.INVALID_ARGUMENT, "malformed", "ERROR_REASON_INVALID_FIELD")
    )

    outcome = run("watch", "ch ess", "--timeout", "60")

    assert outcome == (ExitCode.INVALID, "", "error: malformed\n")


@pytest.mark.parametrize("scope", ["top", "all"])
def test_ctrl_c_ends_a_watch(fake: FakeService, scope: str) -> None:
    """Ctrl-C ends the watch at once, without an error, and with 130."""
    fake.stream = [FIRST, BOB_WINS]
    fake.held.clear()

    watching = ("watch", "chess", "--scope", scope, "--server", fake.address)
    with OnTerminal(*watching) as terminal:
        terminal.read_until(lambda shown: "+3 ▲1" in shown)
        terminal.press_ctrl_c()
        code, shown = terminal.read_to_end()

    assert code == ExitCode.INTERRUPTED
    assert "error" not in shown
    assert "Traceback" not in shown
    assert "Aborted" not in shown


def test_a_terminal_shows_a_live_table(fake: FakeService) -> None:
    """On a terminal the table is redrawn in place, with highlights at the changed rows."""
    fake.stream = [FIRST, BOB_WINS]
    fake.held.clear()

    with OnTerminal("watch", "chess", "--server", fake.address) as terminal:
        shown = terminal.read_until(lambda shown: "last: 3." in shown)

    lines = plain_lines(shown)
    assert "chess, revision 9, 3 users, live" in lines
    assert "1 bob 6 +3 ▲1 bob" in lines
    assert "2 Ada L. 5 ▼1 ada" in lines
    assert "3 eve 1 +1 new eve" in lines
    assert "last: 3. eve 1 (+1 new)" in lines
    [asked] = fake.asked
    assert isinstance(asked, pb.WatchContestRequest)
    assert asked.min_interval.ToMilliseconds() == 200


def test_the_live_table_shows_the_state_of_the_watch(fake: FakeService) -> None:
    """The table shows that it connects, that it reconnects and why, and that it is live again."""
    fake.streams.extend([[], [FIRST]])
    fake.refusals.extend(
        refusal(code_pb2.UNAVAILABLE, why, "ERROR_REASON_STORE_UNAVAILABLE", retry_after=1.5)
        for why in ("not yet", "no more")
    )
    fake.stream = [BOB_WINS]
    fake.held.clear()

    with OnTerminal("watch", "chess", "--server", fake.address) as terminal:
        terminal.read_until(lambda shown: "chess, revision 9, 3 users, live" in plain_lines(shown))
        terminal.press_ctrl_c()
        code, shown = terminal.read_to_end()

    story = "\n".join(plain_lines(shown))
    assert "\nconnecting for 0 s: not yet\n" in story
    assert "\nreconnecting for 0 s, the board may be behind: no more\n" in story
    assert re.search(r"\nreconnecting for [1-9] s, the board may be behind: no more\n", story)
    assert code == ExitCode.INTERRUPTED
