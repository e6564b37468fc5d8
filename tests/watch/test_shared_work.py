"""The work of broadcasters, counted in steps of the interpreter, which no other load changes."""

import sys
from collections.abc import Iterable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from harness.plain_board import Step
from leaderboard_server import watch
from watch.in_memory_contest import InMemoryContest, Viewer
from watch.viewing import all_follow, all_show, all_watching

USERS = 200
WATCHERS = 100
COMMITS = 10


class _CountedWork:
    """
    Counts what runs in the modules of the package `watch` during a block.

    Attributes:
        steps: The number of bytecode instructions.
    """

    _FOLDER = str(Path(watch.__file__).parent)

    def __init__(self) -> None:
        self.steps = 0
        self._before: Any = None

    def __enter__(self) -> Self:
        self._before = sys.gettrace()
        sys.settrace(self._on_call)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        sys.settrace(self._before)

    def _on_call(self, frame: FrameType, _event: str, _argument: object) -> Any:
        if not frame.f_code.co_filename.startswith(self._FOLDER):
            return None
        frame.f_trace_opcodes = True
        return self._on_step

    def _on_step(self, _frame: FrameType, event: str, _argument: object) -> Any:
        self.steps += event == "opcode"
        return self._on_step


async def work_of_commits(limits: Iterable[int]) -> int:
    """Return the steps for some commits, beside a watcher of each limit."""
    contest = InMemoryContest()
    contest.commit(*(Step(f"u{number}", -5 * number) for number in range(USERS)))
    viewers = [Viewer(contest, limit=limit) for limit in limits]
    async with all_watching(*viewers):
        await all_follow(contest, *viewers)
        with _CountedWork() as work:
            for number in range(COMMITS):
                contest.commit(Step(f"u{number * 37 % WATCHERS}", 1 + number % 90))
                await all_show(contest, *viewers)
    return work.steps


async def test_watchers_of_many_limits_cost_little_more_than_those_of_one() -> None:
    """A commit is merged once for 100 limits, and what each limit adds is small beside that."""
    alike = await work_of_commits([WATCHERS] * WATCHERS)
    different = await work_of_commits(range(1, WATCHERS + 1))

    assert alike < different < 10 * alike
