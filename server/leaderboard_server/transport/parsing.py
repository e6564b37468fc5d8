"""From bytes to request messages, of the size that is taken at most."""

from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from leaderboard_server.transport.statuses import MalformedRequest, MessageTooLarge

MAX_REQUEST_BYTES = 2**20
"""A batch of 1,000 updates with every field at its longest fits."""

Request = TypeVar("Request", bound=Message)


def parse(kind: type[Request], data: bytes) -> Request:
    """Read a request.

    Raises:
        MessageTooLarge: It has too many bytes.

        MalformedRequest: The bytes are no such message.
    """
    if len(data) > MAX_REQUEST_BYTES:
        raise MessageTooLarge(MAX_REQUEST_BYTES)
    try:
        return kind.FromString(data)
    except DecodeError as error:
        raise MalformedRequest(kind.DESCRIPTOR.full_name) from error
