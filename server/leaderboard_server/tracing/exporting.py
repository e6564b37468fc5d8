"""Exports spans in the background, and logs when that fails: once, until it works again."""

import asyncio
import contextlib
import logging
import sys
import threading
from collections.abc import Sequence
from importlib.metadata import entry_points

import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SpanExporter,
    SpanExportResult,
)

_log = structlog.get_logger()

CLOSE_TIMEOUT_S = 2.0
"""The time for the last spans to be exported when the server stops."""
ABORT_TIMEOUT_S = 0.2
"""The time for an export that is aborted then."""


_PARSES_HEADERS = "opentelemetry.util.re"
"""The module of OpenTelemetry whose warnings show the headers of an exporter, often secrets."""


class ExporterMissing(Exception):
    """No exporter of this name is installed."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no exporter of this name is installed: {name}")


class Exporting:
    """Exports ended spans in a thread of its own, until `close`."""

    def __init__(self, name: str) -> None:
        """Export as the variables of OpenTelemetry say.

        Args:
            name: The name of an entry point of exporters, such as `otlp_proto_grpc`; or `console`.

        Raises:
            ExporterMissing: There is no such exporter.

            ValueError: A variable has an invalid value.
        """
        self._problems = _ProblemLog()
        self._problems.install()
        try:
            self._exporter = _LoggedExporter(_make_exporter(name), self._problems)
            self.processor = BatchSpanProcessor(self._exporter)
        except BaseException:
            self._problems.remove()
            raise

    async def close(self) -> None:
        """Export the spans that are left, for 2 s at most."""
        loop, flushed = asyncio.get_running_loop(), asyncio.Event()

        def flush() -> None:
            self.processor.shutdown()  # type: ignore[no-untyped-call]
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(flushed.set)

        # Not a thread of the loop, which would wait for its end.
        threading.Thread(target=flush, name="flush-traces", daemon=True).start()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await flushed.wait()
        except TimeoutError:
            self._exporter.shutdown()  # ends the export in flight, and all others
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ABORT_TIMEOUT_S):
                    await flushed.wait()
        self._problems.remove()


def _make_exporter(name: str) -> SpanExporter:
    if name == "console":
        return ConsoleSpanExporter(out=sys.stderr)  # the supervisor reads the output of a worker
    for entry in entry_points(group="opentelemetry_traces_exporter", name=name):
        exporter: SpanExporter = entry.load()()
        return exporter
    raise ExporterMissing(name)


class _ProblemLog(logging.Handler):
    """Logs what OpenTelemetry warns of: of each of its modules once, until spans are exported.

    Otherwise an endpoint that is away would fill the log, in a format of its own.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._logged: set[str] = set()
        # What is bound to log entries, such as the worker: the exporter has a thread of its own.
        self._bound = structlog.contextvars.get_contextvars()

    def install(self) -> None:
        """Take the log records of OpenTelemetry."""
        logger = logging.getLogger("opentelemetry")
        logger.addHandler(self)
        logger.propagate = False

    def remove(self) -> None:
        """Take no more."""
        logger = logging.getLogger("opentelemetry")
        logger.removeHandler(self)
        logger.propagate = True

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record, but no header."""
        is_secret = record.name == _PARSES_HEADERS
        self.note(record.name, str(record.msg) if is_secret else record.getMessage())

    def note(self, source: str, reason: str) -> None:
        """Log a problem, unless one of the same source was logged."""
        if source not in self._logged:
            self._logged.add(source)
            with structlog.contextvars.bound_contextvars(**self._bound):
                _log.warning("tracing_failed", reason=reason)

    def note_success(self) -> None:
        """Log that spans are exported again, if there were problems."""
        if self._logged:
            self._logged.clear()
            with structlog.contextvars.bound_contextvars(**self._bound):
                _log.info("tracing_recovered")

    @property
    def is_empty(self) -> bool:
        """Whether nothing was logged since spans were exported."""
        return not self._logged


class _LoggedExporter(SpanExporter):
    """Logs whether an exporter works. Its end may come from any thread, and more than once."""

    def __init__(self, exporter: SpanExporter, problems: _ProblemLog) -> None:
        self._exporter = exporter
        self._problems = problems
        self._is_closed = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if self._is_closed:
            return SpanExportResult.FAILURE
        result = self._exporter.export(spans)
        if result is SpanExportResult.SUCCESS:
            self._problems.note_success()
        elif self._problems.is_empty:
            self._problems.note("exporter", "spans could not be exported")
        return result

    def shutdown(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._exporter.shutdown()
