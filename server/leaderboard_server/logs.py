"""Configures logging: readable lines on a terminal, one JSON object per line anywhere else."""

import logging
import sys

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
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _for_people() -> structlog.dev.ConsoleRenderer:
    """Return a renderer whose traces leave out the values of variables: they are callers' data."""
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
