"""The streams that a command writes to: no character fails, and lost output ends the command."""

import io
import os
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from leaderboard_cli.exit_codes import ExitCode
from leaderboard_cli.failures import CommandError


class OutputError(CommandError):
    """What the command prints can't be written."""


class OutputClosedError(OutputError):
    """The reader of the pipe that the command prints to has left."""


@contextmanager
def command_stdio() -> Iterator[None]:
    """Have stdout and stderr take every character within the block, also where they are closed.

    What can't be written to stdout raises an OutputError there and then; stderr only says why
    a command failed, which is no reason to fail otherwise. What comes after it is let go.
    """
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _open(before[0], _tell), _open(before[1], _pass_over)
    try:
        yield
    finally:
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _open(before: TextIO | None, lost: Callable[[OSError], None]) -> TextIO:
    if before is None:  # the command was started with the stream closed
        return Path(os.devnull).open("w", encoding="utf-8")
    before.flush()
    written = io.BufferedWriter(_Written(before.fileno(), lost))
    return io.TextIOWrapper(
        written, encoding=before.encoding, errors="backslashreplace", line_buffering=True
    )


class _Written(io.FileIO):
    """Writes to a file until that fails, and lets go of the rest: nothing fails at the exit."""

    def __init__(self, number: int, lost: Callable[[OSError], None]) -> None:
        super().__init__(number, "w", closefd=False)
        self._lost = lost
        self._failed = False

    def write(self, data: Any, /) -> int:
        """Write, or tell of the error."""
        if not self._failed:
            try:
                return self._write_all_that_goes(data)
            except OSError as error:
                self._failed = True
                self._lost(error)
        return memoryview(data).nbytes

    def _write_all_that_goes(self, data: Any) -> int:
        while (count := super().write(data)) is None:  # a pipe that is full and does not block
            select.select([], [self], [])
        return count


def _tell(error: OSError) -> None:
    if isinstance(error, BrokenPipeError):
        raise OutputClosedError("nobody reads the output any more", ExitCode.PIPE_CLOSED) from None
    why = f"the output can't be written: {error.strerror}"
    raise OutputError(why, ExitCode.UNEXPECTED) from None


def _pass_over(error: OSError) -> None:
    del error
