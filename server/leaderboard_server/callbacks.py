"""Callbacks that take results where a future for each would cost too much.

A thousand calls share one reply of the store, so their results go to one receiver, by the numbers
of the calls.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias, TypeVar

Result = TypeVar("Result")
Result_contra = TypeVar("Result_contra", contravariant=True)

Done: TypeAlias = Callable[[Result | Exception], None]
"""Takes the result of one call, or the error that it ended with. Must not raise."""


class Receiver(Protocol[Result_contra]):
    """Takes the results of many calls, by their numbers. Its methods must not raise."""

    def is_open(self, call: int) -> bool:
        """Return whether a result is still wanted."""

    def receive(self, call: int, results: Sequence[Result_contra]) -> None:
        """Take the results of a call, one for each of its requests."""

    def fail(self, call: int, error: Exception) -> None:
        """Take the error of a call."""


def settle(future: asyncio.Future[Result], outcome: Result | Exception) -> None:
    """Give a future the outcome of a call, unless its caller was cancelled."""
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
