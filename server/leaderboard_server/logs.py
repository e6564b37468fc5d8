"""Configures logging: readable lines on a terminal, one JSON object per line anywhere else."""

import contextlib
import logging
import sys
from typing import TextIO, cast

import structlog


def configure_logs(level: str) -> None:
    """Log entries of at least this level to standard error."""
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(() if terminal else (structlog.processors.format_exc_info,)),
            _for_people() if terminal else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        # Unlike print, it writes each line in one call: workers share the standard error.
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Output(sys.stderr))),
        cache_logger_on_first_use=True,
    )


class _Output:
    """A file of log lines; one that can't be written is dropped.

    A full disk, or a pipe that nobody reads any more, must not fail what logs: often that is the
    end of a call, or the one task that watches the store. The command `leaderboard` drops such
    lines by itself; workers run without it.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._file.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._file.flush()


def _for_people() -> structlog.dev.ConsoleRenderer:
    """Return a renderer whose traces leave out the values of variables: they are callers' data."""
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
