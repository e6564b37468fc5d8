"""Measures all calls on all boards in turn, so that a disturbance affects all boards alike."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benchmarks.rules.boards import boards, fill
from benchmarks.rules.calls import CALLS, READS, UPDATE, Callers
from benchmarks.rules.outcome import Outcome
from benchmarks.rules.plain import PlainBoard, PlainScores
from benchmarks.store import RunningStore
from harness.uncounted import store_instruments
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage import scripts
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from leaderboard_server.storage.store import Retention, Store


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    users: int = 1_000_000
    rounds: int = 7
    share: float = 1.0
    """The share of the calls that are made in each round."""


@asynccontextmanager
async def opened(running: RunningStore) -> AsyncIterator[Store]:
    """Open a `Store` with connections as the service has them."""
    driver = connect(f"unix://{running.socket}")
    writes, reads = PipelinedConnection(driver), PipelinedConnection(driver)
    try:
        yield Store(writes, reads, Retention(), store_instruments())
    finally:
        for connection in (writes, reads):
            await connection.close()
        await driver.aclose()


async def measure(running: RunningStore, plan: Plan, report: Callable[[str], None]) -> Outcome:
    """Fill boards in the store, and measure the calls on them.

    Args:
        running: The store.

        plan: How much is measured.

        report: Called with a line about each step.

    Raises:
        WrongResult: A result of the store is not that of the plain boards.
    """
    outcome = Outcome(boards(plan.users))
    for board in outcome.boards:
        outcome.sizes[board.title] = fill(running, board)
        report(f"filled: {board.title}")
    async with opened(running) as store:
        rounds = _Rounds(running, store, plan, outcome)
        await rounds.warm_up()
        for number in range(1, plan.rounds + 1):
            await rounds.run(number)
            report(f"round {number} of {plan.rounds}")
    return outcome


class _Rounds:
    """The rounds of a run."""

    def __init__(self, running: RunningStore, store: Store, plan: Plan, outcome: Outcome) -> None:
        self._running = running
        self._store = store
        self._callers = Callers(running, store)
        self._counts = {call.name: max(1, round(call.count * plan.share)) for call in CALLS}
        self._outcome = outcome
        self._scores = {
            board.distinct: PlainScores(plan.users, board.distinct) for board in outcome.boards
        }

    async def warm_up(self) -> None:
        """Make the scripts known, open the connections, and commit once, which checks rights."""
        for script in (scripts.COMMIT, scripts.TOP, scripts.RANKS, scripts.SCORE_RANKS):
            self._running.client.script_load(script.source)
        moves = {
            distinct: scores.move(1, random.Random(0))[0]
            for distinct, scores in self._scores.items()
        }
        for board in self._outcome.boards:
            move = moves[board.distinct]
            update = ScoreUpdate(board.contest_id, f"u{move.user}", move.points)
            await self._store.commit(board.contest_id, [update])
            await self._store.position(board.contest_id)

    async def run(self, number: int) -> None:
        """Make the calls of a round: the same ones on each board."""
        outcome = self._outcome
        moves = {
            distinct: scores.move(self._counts[UPDATE.name], random.Random(number))
            for distinct, scores in self._scores.items()
        }
        plain = self._plain_boards()
        for board in outcome.boards:
            took = await self._callers.update(board, plain[board.contest_id], moves[board.distinct])
            outcome.add(UPDATE, board, took)
        for call in READS:
            for board in outcome.boards:
                choice, count = random.Random(number), self._counts[call.name]
                took = await self._callers.read(
                    call.name, board, plain[board.contest_id], count, choice
                )
                outcome.add(call, board, took)

    def _plain_boards(self) -> dict[str, PlainBoard]:
        """Return the rows that each board must have now, by contest."""
        made: dict[tuple[int, str], PlainBoard] = {}
        for board in self._outcome.boards:
            key = board.distinct, board.rules.order
            if key not in made:
                made[key] = PlainBoard(self._scores[board.distinct], board.rules.order)
        return {
            board.contest_id: made[board.distinct, board.rules.order]
            for board in self._outcome.boards
        }
