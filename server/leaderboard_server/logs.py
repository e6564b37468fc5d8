"""How logs look: for people on a terminal, one JSON object a line anywhere else."""

import logging
import sys

import structlog


def configure_logs(level: str) -> None:
    """Send everything of at least this level to standard error."""
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
        # Unlike print, it writes a line at once: workers share the standard error.
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _for_people() -> structlog.dev.ConsoleRenderer:
    """Show traces without the values of variables, which are the callers' data."""
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
