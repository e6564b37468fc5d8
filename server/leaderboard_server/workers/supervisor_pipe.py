"""Connects a worker with its supervisor, over the standard input and output that it started with.

Standard input ends when the supervisor does, however that ended. Standard output carries reports
(`report.py`) and nothing else: what is printed goes to standard error.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from typing import IO, Any, Self

from leaderboard_server.workers.report import REQUEST, Report

LAST_REPORT_TIMEOUT_S = 1.0
"""How long the last report may take: a supervisor that is stopped reads nothing."""


def take_over_stdout() -> IO[bytes]:
    """Return the pipe that was standard output, which becomes standard error."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return pipe


class SupervisorPipe(asyncio.Protocol):
    """Answers the requests of the supervisor, and notices its end."""

    def __init__(self, on_supervisor_ended: Callable[[], None]) -> None:
        """Call `on_supervisor_ended` once standard input ends."""
        self._on_supervisor_ended = on_supervisor_ended
        self._reports: asyncio.WriteTransport
        self._make_report: Callable[[], Report] | None = None
        self._closing = False

    @classmethod
    @contextlib.asynccontextmanager
    async def connected(
        cls, requests: IO[Any], reports: IO[bytes], on_supervisor_ended: Callable[[], None]
    ) -> AsyncIterator[Self]:
        """Be connected during the block; after it a worker that served reports for the last time.

        Args:
            requests: Standard input.

            reports: The pipe that was standard output.

            on_supervisor_ended: Called if the supervisor ends before.
        """
        loop = asyncio.get_running_loop()
        pipe, written = cls(on_supervisor_ended), _Written()
        pipe._reports, _ = await loop.connect_write_pipe(lambda: written, reports)
        reading, _ = await loop.connect_read_pipe(lambda: pipe, requests)
        try:
            yield pipe
        finally:
            pipe._closing = True
            reading.close()
            pipe._report()
            pipe._reports.close()
            try:
                async with asyncio.timeout(LAST_REPORT_TIMEOUT_S):
                    await written.closed.wait()
            except TimeoutError:
                pipe._reports.abort()

    def serve(self, make_report: Callable[[], Report]) -> None:
        """Report that the worker serves, and from now on at each request."""
        self._make_report = make_report
        self._report()

    def data_received(self, data: bytes) -> None:
        """Answer the requests."""
        for _ in range(data.count(REQUEST)):
            self._report()

    def connection_lost(self, _error: Exception | None) -> None:
        """Notice that the supervisor ended."""
        if not self._closing:
            self._on_supervisor_ended()

    def _report(self) -> None:
        # It is closed once nothing reads it: the supervisor has ended.
        if self._make_report and not self._reports.is_closing():
            self._reports.write(self._make_report().encode())


class _Written(asyncio.BaseProtocol):
    """Notices that all was written to a pipe that is closed, or that nothing reads it."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    def connection_lost(self, _error: Exception | None) -> None:
        self.closed.set()
