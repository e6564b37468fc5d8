"""Ends calls by a condition, so that no test depends on which attempt meets the deadline."""

from collections.abc import Callable

import pytest

from leaderboard_client import retrying

_PAUSE_S = 0.02
_BEYOND_ANY_DEADLINE_S = 1e6


def end_calls_once(monkeypatch: pytest.MonkeyPatch, over: Callable[[int], bool]) -> None:
    """Let a failed attempt be the last one of its call once a condition holds.

    Args:
        monkeypatch: Ends this with the test.

        over: The condition. Its argument is the number of failed attempts; with several servers,
            that of pauses.
    """

    def delay(earlier: int, *_: object) -> float:
        return _BEYOND_ANY_DEADLINE_S if over(earlier + 1) else _PAUSE_S

    monkeypatch.setattr(retrying, "retry_delay", delay)
