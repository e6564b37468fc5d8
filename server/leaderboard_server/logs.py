"""Configures logging: readable lines on a terminal, one JSON object per line anywhere else.

Lines are written by a thread, since standard error may be a pipe whose reader is slow: the event
loop never waits for it.
"""

import atexit
import contextlib
import logging
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Iterable
from contextvars import copy_context
from typing import Any, TextIO, cast

import structlog

MAX_WAITING_BYTES = 4 * 2**20
"""Lines that may wait to be written. Further ones are dropped, and counted."""
FLUSH_TIMEOUT_S = 1.0
"""The time for waiting lines at the end of the process, and before a line that is not logged."""

_log = structlog.get_logger()


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
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _standard_error)),
        cache_logger_on_first_use=True,
    )
    atexit.register(flush_logs)


def log_together(event: str, entries: Iterable[dict[str, Any]]) -> None:
    """Log several entries of one event in one write, whatever the minimum level."""
    settings = structlog.get_config()
    lines = []
    for entry in entries:
        rendered: Any = {**entry, "event": event}
        with contextlib.suppress(structlog.DropEvent):
            for process in settings["processors"]:
                rendered = process(None, "info", rendered)
            lines.append(rendered)
    if lines:
        settings["logger_factory"]().info("\n".join(lines))


def flush_logs() -> None:
    """Wait until all lines are written, but not long."""
    _standard_error.wait(FLUSH_TIMEOUT_S)


class LogOutput:
    """A file of log lines, written by a thread; lines that can't be written are dropped.

    A full disk, or a pipe that nobody reads, must not fail or delay what logs: often that is the
    end of a call, or the one task that watches the store.
    """

    def __init__(self, descriptor: int) -> None:
        """Write to an open file descriptor."""
        self._descriptor = descriptor
        self._changed = threading.Condition()
        self._waiting = deque[bytes]()
        self._waiting_bytes = 0
        self._dropped = 0
        self._thread: threading.Thread | None = None
        self._is_writing = False

    def write(self, text: str) -> None:
        """Take whole lines to write them soon, or drop them if too many wait."""
        data = text.encode(errors="backslashreplace")
        with self._changed:
            if self._waiting_bytes + len(data) > MAX_WAITING_BYTES:
                self._dropped += text.count("\n")
                return
            self._waiting.append(data)
            self._waiting_bytes += len(data)
            if self._thread is None:
                # With the context, whose variables name the worker.
                run = copy_context().run
                self._thread = threading.Thread(target=run, args=(self._run,), daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self) -> None:
        """Do nothing: each line is written soon."""

    def wait(self, timeout_s: float) -> bool:
        """Wait until all lines are written, and return whether they are."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._waiting and not self._is_writing, timeout_s
            )

    def _run(self) -> None:
        while True:
            with self._changed:
                self._is_writing = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: bool(self._waiting))
                self._is_writing = True
                lines = b"".join(self._waiting)
                self._waiting.clear()
                self._waiting_bytes = 0
                dropped, self._dropped = self._dropped, 0
            with contextlib.suppress(OSError):
                self._write_all(lines)
            if dropped:
                _log.warning("log_lines_dropped", lines=dropped)

    def _write_all(self, lines: bytes) -> None:
        """Write lines in pieces that a pipe takes as a whole, since workers share one."""
        begin = 0
        while begin < len(lines):
            end = min(begin + select.PIPE_BUF, len(lines))
            end = lines.rfind(b"\n", begin, end) + 1 or lines.index(b"\n", begin) + 1
            begin += self._write_some(lines[begin:end])

    def _write_some(self, data: bytes) -> int:
        while True:
            try:
                return os.write(self._descriptor, data)
            except BlockingIOError:  # another process that has this file made it non-blocking
                writable = select.poll()
                writable.register(self._descriptor, select.POLLOUT)
                writable.poll()


_standard_error = LogOutput(2)


def _for_people() -> structlog.dev.ConsoleRenderer:
    """Return a renderer whose traces leave out the values of variables: they are callers' data."""
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
