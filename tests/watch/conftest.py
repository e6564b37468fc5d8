"""Fixtures of the watch tests: a contest without a store."""

from collections import Counter
from typing import Any

import pytest

from harness.plain_board import Step
from leaderboard_server.watch import views
from leaderboard_server.watch.merge import Merge
from watch.in_memory_contest import InMemoryContest


@pytest.fixture(name="contest")
def _contest() -> InMemoryContest:
    """Return a contest with two users."""
    contest = InMemoryContest()
    contest.commit(Step("ada", 5), Step("bo", 3))
    return contest


@pytest.fixture(name="merges")
def _merges(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the merges that are `made`."""
    counts: Counter[str] = Counter()

    class Counted(Merge):
        def __init__(self, *arguments: Any) -> None:
            counts["made"] += 1
            super().__init__(*arguments)

    monkeypatch.setattr(views, "Merge", Counted)
    return counts
