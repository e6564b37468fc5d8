"""Logs errors that no task or callback handled, which asyncio would write in a form of its own."""

import asyncio
import logging
from typing import Any

import structlog

_log = structlog.get_logger()


def log_loop_errors(loop: asyncio.AbstractEventLoop) -> None:
    """Make all errors of an event loop entries of the log."""
    loop.set_exception_handler(_log_error)
    # Its warnings concern connections whose end the gateway has noticed itself.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def _log_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    _log.error("unexpected_error", problem=context["message"], exc_info=context.get("exception"))
