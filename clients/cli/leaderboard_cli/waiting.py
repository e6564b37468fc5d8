"""Tells people what a command waits for, once that takes longer than they expect."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.text import Text

from leaderboard_cli.output import console, safe

_SOON = 1.0
"""The seconds that nobody wonders about."""


@contextmanager
def show_wait(waits_for: str) -> Iterator[None]:
    """Show on a terminal what the block waits for, if it takes a while; then that goes away."""
    status = console(stderr=True).status(Text(safe(waits_for)))

    def begin() -> None:
        status.start()
        status.console.show_cursor()  # who ends the process meanwhile would be left without it

    beginning = threading.Timer(_SOON, begin)
    beginning.daemon = True
    beginning.start()
    try:
        yield
    finally:
        beginning.cancel()
        beginning.join()
        status.stop()
