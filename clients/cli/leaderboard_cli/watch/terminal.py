"""Uses the whole terminal: full screen and key presses, restored when the command ends or stops."""

import asyncio
import os
import re
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from typing import Any, Self

from rich.console import Console, RenderableType
from rich.live import Live

_KEY = re.compile(r"\x1b[\[O][0-9;]*[ -/]*[@-~]|.", re.DOTALL)
_KEY_NAMES = {
    "\x1b[A": "up",
    "\x1bOA": "up",
    "\x1b[B": "down",
    "\x1bOB": "down",
    "\x1b[5~": "page up",
    "\x1b[6~": "page down",
    "\r": "enter",
    "\n": "enter",
    "\x1b": "escape",
    "\x7f": "backspace",
    "\b": "backspace",
}

_END_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_READ_SIZE = 1024


def parse_keys(sent: bytes) -> Iterator[str]:
    """Yield the keys of a terminal's bytes: a character, or the name of a key that has none."""
    for found in _KEY.finditer(sent.decode(errors="ignore")):
        key = _KEY_NAMES.get(found[0], found[0])
        if key in _KEY_NAMES.values() or key.isprintable():
            yield key


class FullScreen:
    """The whole terminal: shows content, and takes the keys, which are not echoed.

    It is a context manager, to be used within a running event loop. The terminal is restored when
    the block ends, before Ctrl-Z stops the process, and before SIGTERM, SIGHUP or SIGQUIT ends it.
    These signals cancel the task that entered the block, and `ended_by` is the signal. If stdin is
    not a terminal, there are no keys.
    """

    def __init__(self, console: Console, on_key: Callable[[str], None]) -> None:
        """Prepare to use a terminal.

        Args:
            console: The terminal.

            on_key: Called with each key.
        """
        self._console = console
        self._on_key = on_key
        self._loop = asyncio.get_running_loop()
        self._owner: asyncio.Task[Any] | None = None
        self._input = sys.stdin.fileno() if sys.stdin.isatty() else None
        self._settings: list[Any] | None = None
        self._live: Live | None = None
        self._content: RenderableType = ""
        self.ended_by: signal.Signals | None = None
        """The signal that ended the block; None without one."""

    def __enter__(self) -> Self:
        self._owner = asyncio.current_task()
        for number in _END_SIGNALS:
            self._loop.add_signal_handler(number, self._end, number)
        self._loop.add_signal_handler(signal.SIGTSTP, self._stop)
        self._acquire()
        return self

    def __exit__(self, *_error: object) -> None:
        self._restore()
        for number in (*_END_SIGNALS, signal.SIGTSTP):
            self._loop.remove_signal_handler(number)

    @property
    def has_keys(self) -> bool:
        """Whether keys are taken."""
        return self._input is not None

    def show(self, content: RenderableType) -> None:
        """Replace the content of the screen."""
        self._content = content
        if self._live:
            self._live.update(content, refresh=True)

    def _acquire(self) -> None:
        try:
            if self._input is not None:
                self._settings = termios.tcgetattr(self._input)
                tty.setcbreak(self._input)
                self._loop.add_reader(self._input, self._read)
            self._live = Live(
                self._content,
                console=self._console,
                screen=True,
                auto_refresh=False,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start(refresh=True)
        except BaseException:
            self._restore()
            raise

    def _restore(self) -> None:
        live, self._live = self._live, None
        settings, self._settings = self._settings, None
        try:
            if live:
                live.stop()
        finally:
            if self._input is not None and settings is not None:
                self._loop.remove_reader(self._input)
                termios.tcsetattr(self._input, termios.TCSADRAIN, settings)

    def _read(self) -> None:
        assert self._input is not None
        try:
            sent = os.read(self._input, _READ_SIZE)
        except OSError:  # the other side of the terminal was closed
            sent = b""
        if not sent:
            self._loop.remove_reader(self._input)
        for key in parse_keys(sent):
            self._on_key(key)

    def _stop(self) -> None:
        self._restore()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._acquire()

    def _end(self, number: signal.Signals) -> None:
        self.ended_by = number
        if self._owner:
            self._owner.cancel()
