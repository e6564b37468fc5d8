"""`contest` sets the times of contests, and closes, reopens and deletes them."""

import json

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from cli.command import OnTerminal, run_in_pipe
from cli.conftest import Run
from cli.fake_service import FakeService
from leaderboard.v1 import contests_pb2 as pb
from leaderboard_cli.failures import ExitCode

PAST = "2026-01-01T00:00:00Z"
FUTURE = "2199-01-01T00:00:00Z"


def held(fake: FakeService, contest: str = "cup") -> pb.Contest:
    """Return a contest of the service."""
    return fake.contests.contests[contest]


@pytest.mark.parametrize(
    ("duration", "shown"),
    [("30d", "30d"), ("36h", "36h"), ("90m", "90m"), ("120s", "2m"), ("1500ms", "1500ms")],
)
def test_times_are_set_and_shown(fake: FakeService, run: Run, duration: str, shown: str) -> None:
    """The times of a contest are shown as their options take them, and reset by their names."""
    times = ("--starts-at", "2198-12-24T19:00:00.5+01:00", "--ends-at", FUTURE)
    created = run("contest", "create", "cup", *times, "--expire-after", duration)
    reset = run("contest", "set", "cup", "--unset", "starts-at", "--unset", "expire-after")

    assert (created.code, reset.code) == (ExitCode.OK, ExitCode.OK)
    lines = [" ".join(line.split()) for line in created.out.splitlines()]
    assert lines[0].startswith("cup: 0 users, scheduled, since ")
    assert "starts-at 2198-12-24T18:00:00.500Z" in lines
    assert f"ends-at {FUTURE}" in lines
    assert f"expire-after {shown}" in lines
    assert reset.out.startswith("cup: 0 users, open, since ")
    assert held(fake).ends_at.ToJsonString() == FUTURE
    assert not held(fake).HasField("starts_at")
    assert not held(fake).HasField("expire_after")


def test_list_by_state(fake: FakeService, run: Run) -> None:
    """`list` shows states and times where there are some, and takes a state."""
    run("contest", "create", "chess")
    plain = run("contest", "list").out
    run("contest", "create", "cup", "--ends-at", PAST, "--expire-after", "30d")

    listed = [" ".join(line.split()) for line in run("contest", "list").out.splitlines()]
    closed = run("contest", "list", "--state", "closed", "--json").out.splitlines()
    scheduled = run("contest", "list", "--state", "scheduled", "--prefix", "c").out

    assert "State" not in plain
    assert listed[-3:-1] == ["chess 0 open", f"cup 0 closed ends-at {PAST}, expire-after 30d"]
    assert [json.loads(line)["contest_id"] for line in closed] == ["cup"]
    assert scheduled == "no contest begins with c and is scheduled\n"
    assert isinstance(fake.asked[-1], pb.ListContestsRequest)
    assert fake.asked[-1].state == pb.CONTEST_STATE_SCHEDULED


def test_close(fake: FakeService, run: Run) -> None:
    """`close` sets the end to now, and a repeat leaves it as it is."""
    run("contest", "create", "cup", "--ends-at", FUTURE)

    outcome = run("contest", "close", "cup")
    ended = held(fake).ends_at.ToJsonString()
    again = run("contest", "close", "cup")

    assert outcome == again == (ExitCode.OK, f"cup: closed since {ended}\n", "")
    changes = [each for each in fake.asked if isinstance(each, pb.UpdateContestRequest)]
    assert [change.update_mask for change in changes] == [FieldMask(paths=["ends_at"])]
    assert run("contest", "close", "cap").code == ExitCode.NOT_FOUND


def test_close_with_a_clock_that_is_behind(fake: FakeService, run: Run) -> None:
    """Where the clock of the store is behind, `close` says when the contest closes."""
    fake.contests.behind_s = 3600
    run("contest", "create", "cup")

    first = run("contest", "close", "cup")
    ended = held(fake).ends_at.ToJsonString()

    assert first.out == f"cup: closes at {ended} by the clock of the store, which is behind\n"
    assert run("contest", "close", "cup") == first
    assert json.loads(run("contest", "close", "cup", "--json").out)["ends_at"] == ended


def test_close_before_the_start(fake: FakeService, run: Run) -> None:
    """A contest that has not opened yet can't be closed, and the error says when it opens."""
    run("contest", "create", "cup", "--starts-at", FUTURE)

    outcome = run("contest", "close", "cup")

    why = f"error: cup opens at {FUTURE}, it can't end before\n"
    assert outcome == (ExitCode.REJECTED, "", why)
    assert not held(fake).HasField("ends_at")


def test_reopen(fake: FakeService, run: Run) -> None:
    """`reopen` removes the end or sets a new one, and a repeat is no error."""
    run("contest", "create", "cup", "--ends-at", PAST)
    reopened = [run("contest", "reopen", "cup") for _ in range(2)]
    run("contest", "close", "cup")
    until = [run("contest", "reopen", "cup", "--ends-at", FUTURE) for _ in range(2)]

    assert reopened == [(ExitCode.OK, "cup: open\n", "")] * 2
    assert until == [(ExitCode.OK, f"cup: open until {FUTURE}\n", "")] * 2
    assert held(fake).ends_at.ToJsonString() == FUTURE


def test_reopen_what_can_not_be_reopened(fake: FakeService, run: Run) -> None:
    """A contest that is open keeps its end, and one with an end in the past stays closed."""
    run("contest", "create", "open", "--ends-at", FUTURE)
    run("contest", "create", "cup", "--ends-at", PAST)

    is_open = run("contest", "reopen", "open")
    past = run("contest", "reopen", "cup", "--ends-at", "2026-01-02T00:00:00Z")
    fake.contests.behind_s = -1e9  # the clock of the store is ahead
    past_there = run("contest", "reopen", "cup", "--ends-at", "2030-01-01T00:00:00Z")

    assert is_open.err == "error: open is open; `leaderboard contest set` changes its end\n"
    assert past.err == "error: cup stays closed: --ends-at has passed\n"
    assert past_there == past
    assert (is_open.code, past.code) == (ExitCode.REJECTED, ExitCode.REJECTED)
    assert held(fake, "open").ends_at.ToJsonString() == FUTURE


def test_reopen_with_a_past_end_changes_nothing(fake: FakeService, run: Run) -> None:
    """An end in the past is rejected before it can delete a contest that expires after its end."""
    run("contest", "create", "cup", "--expire-after", "30d")
    run("contest", "close", "cup")

    outcome = run("contest", "reopen", "cup", "--ends-at", "2020-01-01T00:00:00Z")

    assert outcome.code == ExitCode.REJECTED
    assert isinstance(fake.asked[-1], pb.GetContestRequest)


def test_times_that_delete_a_contest_need_a_confirmation(fake: FakeService, run: Run) -> None:
    """`set` asks before times by which the contest has expired, and only then."""
    run("contest", "create", "cup", "--ends-at", FUTURE, "--expire-after", "30d")
    set_past = ("contest", "set", "cup", "--ends-at", "2020-01-01T00:00:00Z")

    refused = run_in_pipe(*set_past, given=b"y\n", LEADERBOARD_SERVER=fake.address)
    kept = held(fake).ends_at.ToJsonString()
    later = run("contest", "set", "cup", "--expire-after", "36525d")
    harmless = run(*set_past, "--unset", "expire-after")
    done = run("contest", "set", "cup", "--expire-after", "1s", "--yes")

    loss = "with these times cup is deleted for good, with the scores of 0 users"
    assert refused == (ExitCode.INVALID, "", f"error: {loss}; confirm it with --yes\n")
    assert kept == FUTURE
    assert (later.code, harmless.code, done.code) == (ExitCode.OK, ExitCode.OK, ExitCode.OK)
    assert held(fake).expire_after.seconds == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", "cup", "--ends-at", ""),
        ("set", "cup", "--starts-at", ""),
        ("set", "cup", "--expire-after", ""),
        ("reopen", "cup", "--ends-at", ""),
        ("delete", "cup", "--yes", "--epoch", ""),
    ],
    ids=" ".join,
)
def test_empty_values_are_rejected(fake: FakeService, run: Run, arguments: tuple[str, ...]) -> None:
    """An option whose value is empty, as by a variable that is not set, is wrong usage."""
    run("contest", "create", "cup", "--ends-at", PAST)

    outcome = run("contest", *arguments)

    assert (outcome.code, outcome.out) == (ExitCode.INVALID, "")
    assert len(fake.asked) == 1


def test_delete_needs_a_confirmation(fake: FakeService, run: Run) -> None:
    """Without a terminal `delete` needs --yes, and otherwise nothing is deleted."""
    run("contest", "create", "cup", "--display-name", "Cup")
    held(fake).total_users = 12

    refused = run_in_pipe("contest", "delete", "cup", given=b"y\n", LEADERBOARD_SERVER=fake.address)
    assert "cup" in fake.contests.contests
    done = run("contest", "delete", "cup", "--yes")
    again = run("contest", "delete", "cup", "--yes")

    loss = "cup (Cup) is deleted for good, with the scores of 12 users"
    assert refused == (ExitCode.INVALID, "", f"error: {loss}; confirm it with --yes\n")
    assert done == (ExitCode.OK, "cup: deleted, with 12 users\n", "")
    assert again == (ExitCode.OK, "cup: there is no such contest\n", "")


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", ExitCode.INTERRUPTED), ("", 130)])
def test_delete_asks_on_a_terminal(fake: FakeService, run: Run, answer: str, code: int) -> None:
    """On a terminal `delete` names what is lost, and goes on only after a yes."""
    run("contest", "create", "cup")

    with OnTerminal("contest", "delete", "cup", "--server", fake.address) as terminal:
        terminal.read_until(lambda shown: "with the scores of 0 users. Go on? [y/N]" in shown)
        terminal.press(answer + "\n")
        ended, shown = terminal.read_to_end()

    assert ended == code
    assert ("cup: deleted" in shown) == (answer == "y") == ("cup" not in fake.contests.contests)
    assert ("not confirmed, nothing was changed" in shown) == (answer != "y")


def test_delete_means_one_epoch(fake: FakeService, run: Run) -> None:
    """Another epoch is not deleted, and the request has the epoch that was shown."""
    run("contest", "create", "cup")

    other = run("contest", "delete", "cup", "--epoch", "f", "--yes")
    kept = json.loads(run("contest", "delete", "cup", "--epoch", "f", "--yes", "--json").out)
    done = json.loads(run("contest", "delete", "cup", "--epoch", "e", "--yes", "--json").out)

    assert other == (ExitCode.OK, "cup: not deleted, its epoch is e\n", "")
    assert kept == {"contest_id": "cup", "deleted": False, "total_users": 0}
    assert done == {"contest_id": "cup", "deleted": True, "total_users": 0}
    assert pb.DeleteContestRequest(contest_id="cup", epoch="e") in fake.asked
