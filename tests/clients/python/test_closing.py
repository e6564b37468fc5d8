"""Closing by a signal handler, which may interrupt its own thread anywhere."""

import itertools
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from clients.python.scripted_channel import scripted_channel
from leaderboard_client import Cancelled
from leaderboard_client.addresses import Server
from leaderboard_client.channel_pool import ChannelPool, Outcome, PooledChannel
from leaderboard_client.closing import CloseEvent, WeakRegistry

TWO = [Server("a", 1), Server("b", 1)]
SECONDS = 20
"""The time within which a call that does not hang returns."""


class Item:
    """An item of a registry."""

    def __init__(self) -> None:
        self.is_closed = False

    def close(self) -> None:
        """Close it."""
        self.is_closed = True


def _interrupted(work: Callable[[], object], handler: Callable[[], object], moment: int) -> bool:
    """Call a handler in the middle of some work, and return whether the work got that far.

    Args:
        work: Runs in a thread of its own; it may raise Cancelled.

        handler: Called within the work, as a signal handler is.

        moment: The number of lines of Python code before the handler is called.
    """
    lines = itertools.count()
    called = []

    def trace(_frame: FrameType, event: str, _arg: object) -> Any:
        if event == "line" and next(lines) == moment:
            sys.settrace(None)
            called.append(handler())
        return trace

    def run() -> None:
        sys.settrace(trace)
        with suppress(Cancelled):
            work()
        sys.settrace(None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(SECONDS)
    assert not thread.is_alive(), f"it hangs when it is interrupted after {moment} lines"
    return bool(called)


def test_a_pause_may_be_closed_anywhere() -> None:
    """A pause that is interrupted anywhere by the close event does not hang."""
    for moment in itertools.count():
        closed = CloseEvent()
        if not _interrupted(lambda c=closed: c.pause(0.01), closed.set, moment):  # type: ignore[misc]
            break
        assert closed.is_set
        closed.pause(3600.0)


def test_a_channel_pool_may_be_closed_anywhere() -> None:
    """Closing a pool inside `acquire` or `release` hangs nowhere, and leaves no channel open."""
    for moment in itertools.count():
        pool: ChannelPool[object] = ChannelPool(
            TWO, lambda _: scripted_channel(), lambda _: lambda: True
        )
        acquired: list[PooledChannel[object]] = []
        closed: list[object] = []

        def use(
            pool: ChannelPool[object] = pool,
            acquired: list[PooledChannel[object]] = acquired,
        ) -> None:
            acquired.append(pool.acquire())
            assert pool.release(acquired[0], Outcome.ANSWERED, began=0.0) is None

        def close(pool: ChannelPool[object] = pool, closed: list[object] = closed) -> None:
            closed.extend(pool.close())

        if not _interrupted(use, close, moment):
            break
        assert pool.close() == []
        assert {pooled.channel for pooled in acquired} <= set(closed)


def test_a_registry_may_be_closed_anywhere() -> None:
    """Closing a registry inside `make` closes the item that is being made."""
    for moment in itertools.count():
        registry: WeakRegistry[Item] = WeakRegistry(Item.close)
        made: list[Item] = []

        def make(made: list[Item] = made) -> Item:
            made.append(Item())
            return made[0]

        if not _interrupted(lambda r=registry, m=make: r.make(m), registry.close, moment):  # type: ignore[misc]
            break
        assert all(item.is_closed for item in made)
