"""Counts calls that are refused by a limit."""

from typing import get_args

from leaderboard_server.domain.errors import ReadQueueFull
from leaderboard_server.transport.statuses import Limit, MessageTooLarge, Overloaded

_LIMITS = (*get_args(Limit), ReadQueueFull.limit, "message", "metadata", "stopping")


class Refusals(dict[str, int]):
    """Numbers of refused calls, by the name of each limit."""

    def __init__(self) -> None:
        super().__init__(dict.fromkeys(_LIMITS, 0))

    def observe(self, error: Exception) -> None:
        """Count the error of a call if a limit is its cause."""
        match error:
            case Overloaded() | ReadQueueFull():
                self[error.limit] += 1
            case MessageTooLarge():
                self["message"] += 1
