"""Runs the `leaderboard` command as a process of its own, in a pipe or on a terminal."""

import os
import pty
import re
import signal
import subprocess
import sysconfig
import termios
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

COMMAND = str(Path(sysconfig.get_path("scripts")) / "leaderboard")
"""The command as it was installed."""

_DEADLINE_S = 30.0
_SIZE = {"COLUMNS": "100", "LINES": "40"}


class Outcome(NamedTuple):
    """The end of a run of the command."""

    code: int
    """The exit code."""

    out: str
    """The text on stdout."""

    err: str
    """The text on stderr."""


def run_in_pipe(*arguments: str, given: bytes = b"", **environment: str) -> Outcome:
    """Run the command with its streams in pipes, until it ends.

    Args:
        arguments: The command line after the name of the command.

        given: The bytes on stdin.

        environment: Variables besides those of the tests.
    """
    done = subprocess.run(
        [COMMAND, *arguments],
        input=given,
        capture_output=True,
        check=False,
        env=os.environ | environment,
        timeout=_DEADLINE_S,
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


def plain_lines(shown: str) -> list[str]:
    """Return the lines that a terminal was sent, without controls and with single spaces."""
    # A picture of the whole screen begins by going home, not with a line break.
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.replace("\x1b[H", "\n"))
    return [" ".join(line.split()) for line in plain.splitlines()]


class OnTerminal:
    """The command while it runs on a terminal of its own; ends with its block."""

    def __init__(self, *arguments: str, has_keys: bool = True) -> None:
        """Start the command.

        Args:
            arguments: The command line after its name.

            has_keys: The terminal is its stdin too, not only where it writes to.
        """
        self._screen, inside = pty.openpty()
        self._process = subprocess.Popen(
            [COMMAND, *arguments],
            stdin=inside if has_keys else subprocess.DEVNULL,
            stdout=inside,
            stderr=inside,
            env=os.environ | _SIZE | {"TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(inside)
        self._seen = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._screen)

    def press_ctrl_c(self) -> None:
        """Interrupt the command."""
        self._process.send_signal(signal.SIGINT)

    def send(self, number: signal.Signals) -> None:
        """Send the command a signal."""
        self._process.send_signal(number)

    def press(self, keys: str) -> None:
        """Press keys, as the terminal sends them."""
        os.write(self._screen, keys.encode())

    def settings(self) -> list[Any]:
        """Return the settings of the terminal, such as whether it echoes keys."""
        return termios.tcgetattr(self._screen)

    def wait_until_stopped(self) -> None:
        """Wait until the command is stopped, as by Ctrl-Z."""
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOWAIT)

    def read_until(self, shown: Callable[[str], bool]) -> str:
        """Return all that was written so far, as soon as it satisfies a condition."""
        deadline = time.monotonic() + _DEADLINE_S
        while not shown(self._text()):
            assert time.monotonic() < deadline, f"never shown, only: {self._text()!r}"
            assert self._read(), f"ended without it: {self._text()!r}"
        return self._text()

    def read_to_end(self) -> tuple[int, str]:
        """Wait for the end of the command; return its exit code and all that it wrote."""
        while self._read():
            pass
        return self._process.wait(_DEADLINE_S), self._text()

    def _read(self) -> bool:
        """Read the next bytes; return False at the end."""
        try:
            piece = os.read(self._screen, 65_536)
        except OSError:  # Linux reports so that every process has closed the terminal
            return False
        self._seen += piece
        return bool(piece)

    def _text(self) -> str:
        """Return all that was read."""
        return self._seen.decode(errors="replace")
