"""Closing by a signal handler: it may come in the middle of whatever its own thread does."""

import itertools
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

from leaderboard_client import Cancelled
from leaderboard_client.channel_pool import Line, Lines
from leaderboard_client.closing import Closing
from leaderboard_client.weak_registry import Owned

SECONDS = 20
"""How long what does not hang may take."""


class Channel:
    """A channel that nothing is sent on."""

    def unary_unary(self, *_args: object, **_options: object) -> None:
        """Make nothing of a call."""

    unary_stream = unary_unary


class Thing:
    """What a client owns."""

    def __init__(self) -> None:
        self.is_ended = False

    def end(self) -> None:
        """End it."""
        self.is_ended = True


def _interrupted(work: Callable[[], object], handler: Callable[[], object], moment: int) -> bool:
    """Do some work, in the middle of which a handler is called; tell whether it came to that.

    Args:
        work: What is done, in a thread of its own; it may be Cancelled.

        handler: What is called within it, as a signal handler is.

        moment: After how many lines of Python code that is.
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


def test_what_pauses_may_be_closed() -> None:
    """A pause that is interrupted anywhere by its end does not hang."""
    for moment in itertools.count():
        closing = Closing()
        if not _interrupted(lambda c=closing: c.pause(0.01), closing.come, moment):  # type: ignore[misc]
            break
        assert closing.has_come
        closing.pause(3600.0)


def test_lines_may_be_closed_anywhere() -> None:
    """Closing within the taking and giving back of a line hangs nowhere, and leaves no line."""
    for moment in itertools.count():
        lines = Lines(Channel)
        taken: list[Line[Channel]] = []
        closed: list[Channel] = []

        def use(lines: Lines[Channel] = lines, taken: list[Line[Channel]] = taken) -> None:
            taken.append(lines.take())
            assert lines.give_back(taken[0], answered=True) is None

        def close(lines: Lines[Channel] = lines, closed: list[Channel] = closed) -> None:
            closed.extend(lines.close())

        if not _interrupted(use, close, moment):
            break
        assert lines.close() == []
        assert [line.channel for line in taken] == closed[: len(taken)]


def test_what_is_made_may_be_closed_anywhere() -> None:
    """Whatever was made when its client is closed in the middle of that is ended."""
    for moment in itertools.count():
        owned: Owned[Thing] = Owned(Thing.end)
        made: list[Thing] = []

        def make(made: list[Thing] = made) -> Thing:
            made.append(Thing())
            return made[0]

        if not _interrupted(lambda o=owned, m=make: o.make(m), owned.close, moment):  # type: ignore[misc]
            break
        assert all(thing.is_ended for thing in made)
