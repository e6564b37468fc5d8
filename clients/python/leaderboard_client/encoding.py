"""Turns errors of making a message of the contract into ValueError."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def encoding() -> Iterator[None]:
    """Make a message of the contract from a caller's arguments within the block.

    Raises:
        ValueError: An argument has a type that the field does not take, or is beyond its range.
    """
    try:
        yield
    except (AttributeError, OverflowError, TypeError) as error:
        raise ValueError(f"can't be sent: {error}") from error
