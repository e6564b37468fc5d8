"""Takes over the terminal, and gives it back as it was, whatever happens."""

import asyncio
import os
import signal
import sys
import termios
import tty
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from rich.console import Console, RenderableType
from rich.live import Live

from leaderboard_cli.watch.keys import keys

_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_PIECE = 1024


class FullScreen:
    """The whole terminal: a picture, and keys as they are pressed, which are not shown.

    It is a context manager, to be used within a running event loop. The terminal is given back
    when the block ends, before the process is stopped with Ctrl-Z, and before it ends by SIGTERM,
    SIGHUP or SIGQUIT, which cancel the task that entered the block; `ended_by` then says so. Where
    stdin is no terminal there are no keys.
    """

    def __init__(self, console: Console, on_key: Callable[[str], None]) -> None:
        """Prepare to take over a terminal.

        Args:
            console: The terminal.

            on_key: Called with each key.
        """
        self._console = console
        self._on_key = on_key
        self._loop = asyncio.get_running_loop()
        self._owner: asyncio.Task[Any] | None = None
        self._input = sys.stdin.fileno() if sys.stdin.isatty() else None
        self._before: list[Any] | None = None
        self._live: Live | None = None
        self._picture: RenderableType = ""
        self.ended_by: signal.Signals | None = None
        """The signal that asked to end; None without one."""

    def __enter__(self) -> Self:
        self._owner = asyncio.current_task()
        for number in _ENDING:
            self._loop.add_signal_handler(number, self._end, number)
        self._loop.add_signal_handler(signal.SIGTSTP, self._pause)
        self._take_over()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._give_back()
        for number in (*_ENDING, signal.SIGTSTP):
            self._loop.remove_signal_handler(number)

    @property
    def has_keys(self) -> bool:
        """Tell that keys are taken."""
        return self._input is not None

    def show(self, picture: RenderableType) -> None:
        """Show a picture in place of the one before."""
        self._picture = picture
        if self._live:
            self._live.update(picture, refresh=True)

    def _take_over(self) -> None:
        try:
            if self._input is not None:
                self._before = termios.tcgetattr(self._input)
                tty.setcbreak(self._input)
                self._loop.add_reader(self._input, self._read)
            self._live = Live(
                self._picture,
                console=self._console,
                screen=True,
                auto_refresh=False,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start(refresh=True)
        except BaseException:
            self._give_back()
            raise

    def _give_back(self) -> None:
        live, self._live = self._live, None
        before, self._before = self._before, None
        try:
            if live:
                live.stop()
        finally:
            if self._input is not None and before is not None:
                self._loop.remove_reader(self._input)
                termios.tcsetattr(self._input, termios.TCSADRAIN, before)

    def _read(self) -> None:
        assert self._input is not None
        try:
            sent = os.read(self._input, _PIECE)
        except OSError:  # nobody has the terminal open any more
            sent = b""
        if not sent:
            self._loop.remove_reader(self._input)
        for key in keys(sent):
            self._on_key(key)

    def _pause(self) -> None:
        self._give_back()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._take_over()

    def _end(self, number: signal.Signals) -> None:
        self.ended_by = number
        if self._owner:
            self._owner.cancel()
