"""Turns errors of making a message of the contract into ValueError."""

from collections.abc import Iterable, Iterator
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


def user_list(user_ids: Iterable[str]) -> Iterable[str]:
    """Return the users of a request; raise TypeError if they are one text."""
    if isinstance(user_ids, str):
        raise TypeError("user_ids is one text, and each of its characters would be a user")
    return user_ids
