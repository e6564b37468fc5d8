"""Runs one child process of a test, which ends with the test run at the latest."""

import contextlib
import os
import signal
import subprocess
import sys
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from harness import die_with_parent
from harness.waiting import eventually


class ChildProcess:
    """
    A running process with its output in a file.

    It leads a process group of its own, so a Ctrl-C in the terminal doesn't reach it. It is bound
    to no event loop, so a fixture of one loop may serve tests of others. It ends with `end`, when
    the object is garbage collected, when the interpreter exits, and (on Linux) when the thread that
    started it ends; so start it from a thread that stays.
    """

    def __init__(
        self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-ES", die_with_parent.__file__, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if environment is None else dict(environment),
                start_new_session=True,
            )
        self._finalizer = weakref.finalize(self, _end, self._process)

    @property
    def pid(self) -> int:
        """The process id of the command itself."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for the signal that ended it, None while it runs."""
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process alone, not to its group."""
        self._process.send_signal(number)

    async def exited(self, *, within: float = 10.0) -> int:
        """
        Wait for the end.

        Args:
            within: Seconds to wait.

        Returns:
            The exit code, negative for the signal that ended the process.

        Raises:
            AssertionError: It still runs.
        """
        event = f"the exit of process {self.pid}"
        await eventually(lambda: self.exit_code is not None, event, within=within)
        return self._process.wait()

    def end(self) -> None:
        """Kill the process and the rest of its group. May be called again."""
        self._finalizer()

    def log_tail(self, lines: int = 60) -> str:
        """Return the last lines of the output."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def is_running(pid: int) -> bool:
    """Return whether a process runs; a zombie doesn't."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
