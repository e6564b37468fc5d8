"""`load` calls at a rate that does not depend on the server, and prints the result."""

import asyncio
import json
from typing import cast

import grpc
import pytest
from google.rpc import code_pb2

from cli.command import OnTerminal, plain_lines
from cli.conftest import Run
from cli.fake_service import FakeService
from cli.refusals import STORE_AWAY, refusal
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode
from leaderboard_cli.load.calls import Call, Calls
from leaderboard_cli.load.generator import Schedule, generate
from leaderboard_cli.load.result import LoadResult


class SlowCalls:
    """Calls that all take a while, and are then rejected if `rejected` is set."""

    def __init__(self, seconds: float, *, rejected: bool = False) -> None:
        self._seconds = seconds
        self._rejected = rejected

    def next(self) -> Call:
        """Return a call."""
        return self._call

    async def _call(self) -> None:
        """Wait, and fail if `rejected` is set."""
        await asyncio.sleep(self._seconds)
        if self._rejected:
            nothing = grpc.aio.Metadata()
            raise grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, nothing, nothing)


@pytest.fixture(name="_unlimited_grace", autouse=True)
def _unlimited_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no call out because the test machine is busy."""
    monkeypatch.setattr("leaderboard_cli.load.generator.GRACE", 60.0)


def test_updates_go_out_at_the_rate(fake: FakeService, run: Run) -> None:
    """All calls of the duration are made, each update with an id of its own, and counted."""
    outcome = run("load", "--rate", "100", "--duration", "0.5", "--users", "5", "--json")

    record = json.loads(outcome.out)
    assert (outcome.code, outcome.err) == (ExitCode.OK, "")
    assert (record["due"], record["answered"], record["left_out"], record["cut_off"]) == (
        50,
        50,
        0,
        0,
    )
    assert record["latency_ms"] == record["answer_ms"]
    assert record["seconds"] >= 0.49
    assert (
        record["latency_ms"]["p50"] <= record["latency_ms"]["p99.9"] <= record["latency_ms"]["max"]
    )
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
    """A mix has updates, ranks and tops."""
    run("load", "--kind", "mix", "--rate", "600", "--duration", "0.2", "--users", "3")

    assert {type(request) for request in fake.asked} == {
        pb.GetUserRankRequest,
        pb.GetTopUsersRequest,
    }
    assert len(fake.received) > 50


def test_errors_are_counted_by_status(fake: FakeService, run: Run) -> None:
    """No call is retried, and failed calls are counted by status and reason."""
    fake.refusals.extend([STORE_AWAY] * 3)
    fake.refusals.append(refusal(code_pb2.INTERNAL, "lost"))

    outcome = run("load", "--rate", "50", "--duration", "0.2")

    assert outcome.code == ExitCode.FAILED
    assert "UNAVAILABLE (STORE_UNAVAILABLE): 3\nINTERNAL: 1\n" in outcome.out
    assert outcome.out.startswith("10 calls in ")
    assert any(line.startswith("answered ") for line in plain_lines(outcome.out))
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


def test_no_server_to_load(run: Run) -> None:
    """A server that can't be reached is an error before any call counts."""
    outcome = run("load", "--server", "127.0.0.1:1", "--timeout", "0.3")

    assert (outcome.code, outcome.out) == (ExitCode.UNAVAILABLE, "")
    assert outcome.err.startswith("error: can't reach a leaderboard server at 127.0.0.1:1")


def test_ctrl_c_ends_a_load_with_its_result(fake: FakeService) -> None:
    """On a terminal there is a bar, and Ctrl-C prints the result up to then."""
    loading = ("load", "--rate", "50", "--duration", "600", "--server", fake.address)
    with OnTerminal(*loading) as terminal:
        terminal.read_until(lambda shown: "p99" in shown and bool(fake.received))
        terminal.press_ctrl_c()
        code, shown = terminal.read_to_end()

    assert code == ExitCode.INTERRUPTED
    assert any(line.startswith("latency") for line in plain_lines(shown))
    assert "Traceback" not in shown


async def test_a_slow_server_does_not_slow_the_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that waits for a free caller counts as late; one that is never begun does too."""
    monkeypatch.setattr("leaderboard_cli.load.generator.GRACE", 0.0)
    result = LoadResult(rate=100)
    calls = cast("Calls", SlowCalls(0.2))

    await generate(calls, result, duration=0.3, concurrency=1)

    assert result.due == 30
    assert 0 < result.answered < 10
    assert result.left_out == 30 - result.answered
    assert not result.kept
    assert result.latency.count == result.lateness.count == 30
    assert result.lateness.longest > 0.1
    assert result.answer.count == result.answered


async def test_a_failed_call_took_its_time() -> None:
    """A failed call counts with the time until it failed, also if no call succeeds."""
    result = LoadResult(rate=100)

    calls = cast("Calls", SlowCalls(0.05, rejected=True))
    await generate(calls, result, duration=0.1, concurrency=10)

    assert (result.failed, result.latency.count, result.kept) == (10, 10, True)
    assert result.latency.percentile(50) >= 0.05
    assert set(result.as_record()["answer_ms"].values()) == {None}


async def test_calls_that_were_not_due_are_not_missed() -> None:
    """A load that is stopped early counts only the calls that were due by then."""
    result = LoadResult(rate=50)
    calls = cast("Calls", SlowCalls(0.0))
    loading = asyncio.create_task(generate(calls, result, duration=600, concurrency=20))
    await eventually(lambda: result.answered > 0, "an answer")

    loading.cancel()
    await asyncio.wait({loading})

    assert result.due - 20 <= result.begun <= result.due < 15_000
    assert result.latency.count == result.due


async def test_a_call_that_is_cut_off_counts() -> None:
    """A call in flight at the end of a load counts with its age, neither answered nor failed."""
    result = LoadResult(rate=50)
    calls = cast("Calls", SlowCalls(600.0))
    loading = asyncio.create_task(generate(calls, result, duration=1, concurrency=1))
    await eventually(lambda: result.begun > 0, "a call")

    loading.cancel()
    await asyncio.wait({loading})

    assert (result.begun, result.ended, result.cut_off) == (1, 0, 1)
    assert result.latency.count == result.due


def test_a_rate_that_is_not_kept_is_a_warning(
    fake: FakeService, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If calls could not be begun, the exit code is not that of a success."""
    del fake

    async def fall_behind(_calls: Calls, result: LoadResult, **_how: float) -> None:
        result.due, result.begun = 100, 97
        for _ in range(97):
            result.add(0.001, answered=True)

    monkeypatch.setattr("leaderboard_cli.load.generate", fall_behind)

    outcome = run("load", "--rate", "50", "--duration", "0.5")

    assert outcome.code == ExitCode.WARNED
    assert "the rate was not kept: 3 calls were due and not begun" in outcome.out


def test_a_load_of_reads_needs_its_users(fake: FakeService, run: Run) -> None:
    """A load of reads does not begin unless all its users were written."""
    fake.refuse_update = lambda _update: STORE_AWAY

    outcome = run("load", "--kind", "rank", "--users", "3")

    assert outcome == (ExitCode.UNAVAILABLE, "", "error: the store is away\n")


async def test_the_schedule_follows_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are due at even intervals; a late one is handed out at once, or left out."""
    monkeypatch.setattr("leaderboard_cli.load.generator.GRACE", 0.5)
    now = 100.0
    schedule = Schedule(10, 1, lambda: now, 100.0)

    assert await schedule.next_due() == 100.0
    now = 100.55
    due = [await schedule.next_due() for _ in range(4)]
    now = 102.0

    assert due == pytest.approx([100.1, 100.2, 100.3, 100.4])
    assert await schedule.next_due() is None
    assert (schedule.planned, schedule.taken) == (10, 5)
