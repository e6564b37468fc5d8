"""Makes messages of the contract from a caller's arguments; what can't be sent is a ValueError."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


def timestamp(name: str, when: datetime | None) -> Timestamp | None:
    """Return the message of a time; raise ValueError, with the argument's name, without a zone."""
    if when is None:
        return None
    if when.tzinfo is None:
        raise ValueError(f"{name} has no time zone")
    since = when - _EPOCH
    return Timestamp(seconds=since // timedelta(seconds=1), nanos=since.microseconds * 1000)


def duration(period: timedelta | None) -> Duration | None:
    """Return the message of a duration."""
    if period is None:
        return None
    message = Duration()
    message.FromTimedelta(period)
    return message
