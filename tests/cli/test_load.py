"""`load` calls at a rate, whatever the server does, and tells how it went."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, cast

import pytest
from google.rpc import code_pb2

from cli.command import OnTerminal, plain_lines
from cli.fake_service import STORE_AWAY, FakeService, refusal
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.cli.exit_codes import ExitCode
from leaderboard_client.cli.loading.generator import generate
from leaderboard_client.cli.loading.result import Result
from leaderboard_client.cli.loading.schedule import Schedule

if TYPE_CHECKING:
    from cli.conftest import Run
    from leaderboard_client.cli.loading.calls import Call, Calls


class SlowCalls:
    """Calls that all take a while."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def next(self) -> Call:
        """Return a call."""
        return lambda: asyncio.sleep(self._seconds)


def test_updates_go_out_at_the_rate(fake: FakeService, run: Run) -> None:
    """All calls of the duration are made, each update with an id of its own, and counted."""
    outcome = run("load", "--rate", "100", "--duration", "0.5", "--users", "5", "--json")

    told = json.loads(outcome.out)
    assert (outcome.code, outcome.err) == (ExitCode.OK, "")
    assert (told["planned"], told["answered"], told["left_out"]) == (50, 50, 0)
    assert told["seconds"] >= 0.49
    assert told["latency_ms"]["p50"] <= told["latency_ms"]["p99.9"] <= told["latency_ms"]["max"]
    assert len({update.request_id for update in fake.received}) == 50
    assert {update.contest_id for update in fake.received} == {"load"}
    assert {update.user_id for update in fake.received} <= {f"user-{n}" for n in range(5)}


@pytest.mark.parametrize(
    ("kind", "asked"), [("rank", pb.GetUserRankRequest), ("top", pb.GetTopUsersRequest)]
)
def test_reads_are_of_users_that_are_there(
    fake: FakeService, run: Run, kind: str, asked: type
) -> None:
    """Before reads all users are written, with no points."""
    outcome = run("load", "--kind", kind, "--rate", "50", "--duration", "0.2", "--users", "1200")

    assert outcome.code == ExitCode.OK
    assert fake.batches == [1000, 200]
    assert {update.points for update in fake.received} == {0}
    assert [type(request) for request in fake.asked] == [asked] * 10


def test_a_mix_is_of_all_kinds(fake: FakeService, run: Run) -> None:
    """A mix updates, and reads ranks and tops."""
    run("load", "--kind", "mix", "--rate", "600", "--duration", "0.2", "--users", "3")

    assert {type(request) for request in fake.asked} == {
        pb.GetUserRankRequest,
        pb.GetTopUsersRequest,
    }
    assert len(fake.received) > 50


def test_errors_are_told_by_status(fake: FakeService, run: Run) -> None:
    """Nothing is sent again, and what was refused is told with its status and reason."""
    fake.refusals.extend([STORE_AWAY] * 3)
    fake.refusals.append(refusal(code_pb2.INTERNAL, "lost"))

    outcome = run("load", "--rate", "50", "--duration", "0.2")

    assert outcome.code == ExitCode.FAILED
    assert "UNAVAILABLE (STORE_UNAVAILABLE): 3\nINTERNAL: 1\n" in outcome.out
    assert "10 calls in 0.2 s" in outcome.out
    assert "4 failed" in outcome.out
    assert len(fake.received) == 10


def test_another_machine_is_not_loaded_by_mistake(run: Run) -> None:
    """Only with --yes does a load leave this machine."""
    outcome = run("load", "--server", "board.example:50051")

    assert outcome.code == ExitCode.INVALID
    assert outcome.err == (
        "error: board.example:50051 is not on this machine: "
        "load it with --yes if it is yours to load\n"
    )


def test_nobody_to_load(run: Run) -> None:
    """A server that is not there is told before anything is counted."""
    outcome = run("load", "--server", "127.0.0.1:1", "--timeout", "0.3")

    assert (outcome.code, outcome.out) == (ExitCode.UNAVAILABLE, "")
    assert outcome.err.startswith("error: can't reach a leaderboard server at 127.0.0.1:1")


def test_ctrl_c_ends_a_load_with_its_result(fake: FakeService) -> None:
    """On a terminal there is a bar, and what was done by then is told when it is ended."""
    loading = ("load", "--rate", "50", "--duration", "600", "--server", fake.address)
    with OnTerminal(*loading) as terminal:
        terminal.read_until(lambda shown: "p99" in shown and bool(fake.received))
        terminal.press_ctrl_c()
        code, shown = terminal.read_to_end()

    assert code == ExitCode.INTERRUPTED
    assert any(line.startswith("latency") for line in plain_lines(shown))
    assert "Traceback" not in shown


async def test_a_slow_server_does_not_slow_the_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for a free caller counts as late, in the latency too, and what stays is told."""
    monkeypatch.setattr("leaderboard_client.cli.loading.schedule._GRACE", 0.0)
    result = Result()
    calls = cast("Calls", SlowCalls(0.2))

    await generate(calls, result, rate=100, duration=0.3, concurrency=1)

    assert result.planned == 30
    assert 0 < result.answered < 10
    assert result.left_out == 30 - result.answered
    assert result.latency.longest > result.lateness.longest > 0.1


async def test_the_schedule_is_that_of_the_clock() -> None:
    """Calls are due at even times from the first; who is late gets them at once, or not at all."""
    now = 100.0
    schedule = Schedule(10, 1, lambda: now, 100.0)

    assert await schedule.next_due() == 100.0
    now = 100.55
    due = [await schedule.next_due() for _ in range(4)]
    now = 102.0

    assert due == pytest.approx([100.1, 100.2, 100.3, 100.4])
    assert await schedule.next_due() is None
    assert (schedule.planned, schedule.taken) == (10, 5)
