"""Asks a worker for reports over its pipes, and keeps the latest one."""

import asyncio
import time

import structlog

from leaderboard_server.workers.report import REQUEST, Report, ReportInvalid

_log = structlog.get_logger()


class ReportReader:
    """The supervisor's end of the pipes of one worker.

    A worker is asked again only once it has answered, so nothing piles up in one that hangs. A
    report is decoded only where it is used.
    """

    def __init__(self, requests: asyncio.StreamWriter, lines: asyncio.StreamReader) -> None:
        """Take the worker's standard input and output."""
        self._requests = requests
        self._lines = lines
        self._latest = b""
        self._received = 0
        self._requested = self._wanted = 1
        """The start of a worker is the first request: it reports once it serves."""
        self._requested_at = time.monotonic()
        self._closed = False
        self._invalid_logged = False
        self._changed = asyncio.Event()

    @property
    def begun(self) -> bool:
        """Whether the worker has reported, as it does once it serves."""
        return self._received > 0

    @property
    def latest(self) -> Report | None:
        """The latest report; None before the worker serves, and while what it writes is none."""
        try:
            return Report.decode(self._latest) if self._latest else None
        except ReportInvalid as error:
            if not self._invalid_logged:
                self._invalid_logged = True
                _log.error("worker_report_invalid", reason=str(error))
            return None

    @property
    def unanswered_s(self) -> float:
        """Seconds since a request that the worker has not answered; 0 if it has."""
        answered = self._received >= self._requested
        return 0.0 if answered else time.monotonic() - self._requested_at

    async def first(self) -> bool:
        """Wait until the worker has reported, and return True; or False if it ended before."""
        await self._receive(1)
        return self.begun

    async def refresh(self) -> None:
        """Wait for a report that the worker makes after this call, or for its end.

        Callers that come while the worker has not answered an earlier request share the next one.
        """
        number = self._wanted = self._requested + 1
        self._request()
        await self._receive(number)

    async def read(self) -> None:
        """Take reports until the worker closes its standard output."""
        try:
            # The last line of a killed worker may be cut off.
            while (line := await self._lines.readline()).endswith(b"\n"):
                self._latest = line
                self._received += 1
                self._request()
                self._notify()
        except ValueError as error:
            _log.error("worker_report_too_long", reason=str(error))
        finally:
            self._closed = True
            self._notify()

    def _request(self) -> None:
        answered = self._received >= self._requested
        if answered and self._requested < self._wanted and not self._closed:
            self._requested += 1
            self._requested_at = time.monotonic()
            self._requests.write(REQUEST)

    async def _receive(self, number: int) -> None:
        while self._received < number and not self._closed:
            await self._changed.wait()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
