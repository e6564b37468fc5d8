"""Tests of the benchmark of rules, on a real store."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.rules.boards import boards
from benchmarks.rules.calls import CALLS, UPDATE, WrongResult
from benchmarks.rules.memory import costs
from benchmarks.rules.outcome import Outcome
from benchmarks.rules.page import write_page
from benchmarks.rules.run import Plan, measure, opened
from benchmarks.store import RunningStore, running_store
from leaderboard_server.storage import keys

SMALL = Plan(users=2_000, rounds=2, share=0.02)
(BATCH,) = (call for call in CALLS if call.name == "batch")


@pytest.fixture(name="running")
def _running(tmp_path: Path) -> Iterator[RunningStore]:
    with running_store(tmp_path) as running:
        yield running


async def test_a_small_run_has_every_call_on_every_board(
    running: RunningStore, tmp_path: Path
) -> None:
    """Each result is the plain board's, and the page has a figure of each call, board and cost."""
    lines: list[str] = []

    outcome = await measure(running, SMALL, lines.append)
    async with opened(running) as store:
        taken = await costs(running, store, outcome)
    write_page(tmp_path / "page.md", outcome, taken, SMALL.rounds, {"date": "today"})

    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    for board in outcome.boards:
        (line,) = re.findall(rf"^\| {board.title} \|.*$", page, re.MULTILINE)
        assert len(re.findall(r"[\d.]+ (µs|ms)", line)) == len(CALLS)
        assert all(len(outcome.durations[call.name][board.title]) == 2 for call in CALLS)
    assert all(cost.title in page for cost in taken)
    assert "Each board has 2,000 users" in page
    assert lines[-1] == "round 2 of 2"


async def test_dense_ranks_take_memory_with_their_distinct_scores(running: RunningStore) -> None:
    """The more different scores there are, the more a dense board takes beside the others."""
    outcome = await measure(running, SMALL, lambda _: None)
    async with opened(running) as store:
        taken = await costs(running, store, outcome)

    dense = [cost.size for cost in taken if "dense" in cost.title]
    assert dense == sorted(dense)
    assert all(cost.size > 0 for cost in taken)


async def test_a_result_that_differs_from_the_plain_board_voids_the_run(
    running: RunningStore,
) -> None:
    """A row that no measured call wrote is found."""

    def spoil(line: str) -> None:
        if line == "round 1 of 2":
            running.client.zadd(keys.board("lowest_first-dense-201"), {14 * "0" + "zoe": 10**6})

    with pytest.raises(WrongResult, match="lowest first, dense: the store has"):
        await measure(running, SMALL, spoil)


def test_ratios_are_those_of_each_round() -> None:
    """A round in which all boards were slow changes no ratio, and dense updates may take longer."""
    outcome = Outcome(boards(2_000))
    first, competition, dense, *_ = outcome.boards
    for board, durations in (
        (first, (10, 50, 10)),
        (competition, (16, 70, 16)),
        (dense, (16, 85, 16)),
    ):
        for duration in durations:
            outcome.add(UPDATE, board, duration)
            outcome.add(BATCH, board, 1_000 * duration)

    assert outcome.ratio(UPDATE, competition) == outcome.ratio(UPDATE, dense) == 1.6
    assert not outcome.within_bounds(UPDATE, competition)
    assert outcome.within_bounds(UPDATE, dense)
    assert outcome.within_bounds(BATCH, first)
    assert not outcome.within_bounds(BATCH, competition)
