"""Tells what can't be sent at all from what the service is to judge."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def sendable() -> Iterator[None]:
    """Guard the block that makes a message of the contract from what a caller gave.

    Raises:
        ValueError: A field is of a type that the message does not hold, or beyond its bounds.
    """
    try:
        yield
    except (AttributeError, OverflowError, TypeError) as error:
        raise ValueError(f"can't be sent: {error}") from error
