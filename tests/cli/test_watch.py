"""`watch` shows a contest as it changes: a live table, lines in a pipe, or JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from google.rpc import code_pb2

from cli.command import OnTerminal
from cli.fake_service import FakeService, refusal
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from cli.conftest import Run


def ranked(user_id: str, score: int, rank: int, name: str = "") -> pb.RankedUser:
    """Make a row."""
    return pb.RankedUser(user_id=user_id, score=score, rank=rank, display_name=name)


def at(revision: int, after: int = 0) -> dict[str, pb.Position | int]:
    """Make the position of a message."""
    position = pb.Position(epoch="e", revision=revision)
    return {"position": position, "previous_revision": after}


FIRST = pb.WatchContestResponse(
    **at(7),  # type: ignore[arg-type]
    snapshot=pb.Snapshot(
        users=[ranked("ada", 5, 1, "Ada L."), ranked("bob", 3, 2)],
        total_users=2,
        reason=pb.SNAPSHOT_REASON_INITIAL,
    ),
)
BOB_WINS = pb.WatchContestResponse(
    **at(8, 7),  # type: ignore[arg-type]
    changes=pb.Changes(
        changes=[
            pb.ScoreChange(user=ranked("bob", 6, 1), previous_rank=2, points=3, event_type="win"),
            pb.ScoreChange(user=ranked("eve", 1, 3), points=1),
        ]
    ),
)
OVER = pb.WatchContestResponse(
    **at(8, 8),  # type: ignore[arg-type]
    end=pb.End(reason=pb.END_REASON_CONTEST_OVER),
)
DRAINING = pb.WatchContestResponse(
    **at(7, 7),  # type: ignore[arg-type]
    end=pb.End(reason=pb.END_REASON_DRAINING),
)


def test_a_pipe_gets_a_line_for_each_change(fake: FakeService, run: Run) -> None:
    """In a pipe the snapshot is a table and each change a line: rank, name, score, what moved."""
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
    fake.stream = [FIRST, OVER]

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
    fake.stream = [FIRST, lagged, OVER]

    shown = run("watch", "chess").out

    assert "chess, shown anew: this watcher fell too far behind" in shown


def test_a_draining_server_is_an_end_to_repeat(fake: FakeService, run: Run) -> None:
    """When the server drains the watch ends as unavailable and says why."""
    fake.stream = [FIRST, DRAINING]

    outcome = run("watch", "chess")

    assert outcome.code == ExitCode.UNAVAILABLE
    assert outcome.err == f"error: the server at {fake.address} is shutting down\n"


def test_a_lost_connection_is_told(fake: FakeService, run: Run) -> None:
    """A stream that breaks off is a line that says so."""
    fake.stream = [FIRST]
    fake.refusals.append(refusal(code_pb2.UNAVAILABLE, "Socket closed"))

    outcome = run("watch", "chess")

    assert outcome.code == ExitCode.UNAVAILABLE
    assert outcome.err == (
        f"error: can't reach a leaderboard server at {fake.address}: Socket closed\n"
    )


def test_a_stream_without_an_end_is_told(fake: FakeService, run: Run) -> None:
    """A stream that ends without saying why is not taken for a finished contest."""
    fake.stream = [FIRST]

    outcome = run("watch", "chess", "--json")

    assert outcome.code == ExitCode.UNAVAILABLE
    assert outcome.err == f"error: the server at {fake.address} ended the watch\n"


def test_a_hole_is_never_shown(fake: FakeService, run: Run) -> None:
    """A message that does not follow on the last one ends the watch before it is shown."""
    hole = pb.WatchContestResponse()
    hole.CopyFrom(BOB_WINS)
    hole.previous_revision = 6
    fake.stream = [FIRST, hole, OVER]

    outcome = run("watch", "chess")

    assert outcome.code == ExitCode.UNEXPECTED
    assert "bob  6" not in outcome.out
    assert "the stream goes on after revision 6, the board is at 7" in outcome.err


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
    """On a terminal the table is painted again in place, with marks at what changed."""
    fake.stream = [FIRST, BOB_WINS]
    fake.held.clear()

    with OnTerminal("watch", "chess", "--server", fake.address) as terminal:
        shown = terminal.read_until(lambda shown: "revision 8" in shown)

    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    rows = [line.split() for line in plain.splitlines()]
    assert ["1", "bob", "6", "+3", "▲1", "bob"] in rows
    assert ["2", "Ada", "L.", "5", "ada"] in rows
    assert ["3", "eve", "1", "+1", "new", "eve"] in rows
    [asked] = fake.asked
    assert isinstance(asked, pb.WatchContestRequest)
    assert asked.min_interval.ToMilliseconds() == 200
