"""Fixtures of the watch tests: a contest without a store."""

import pytest

from harness.plain_board import Step
from watch.in_memory_contest import InMemoryContest


@pytest.fixture(name="contest")
def _contest() -> InMemoryContest:
    """Return a contest with two users."""
    contest = InMemoryContest()
    contest.commit(Step("ada", 5), Step("bo", 3))
    return contest
