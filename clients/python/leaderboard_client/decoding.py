"""Decodes what messages of several kinds have: times that may be unset."""

from datetime import UTC, datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp


def time_of(message: Message, name: str) -> datetime | None:
    """Return a time of a message, in UTC; None if it is not set.

    Args:
        message: The message.

        name: The field.
    """
    when: Timestamp = getattr(message, name)
    return when.ToDatetime(tzinfo=UTC) if message.HasField(name) else None
