"""Parses the bytes of requests, within bounds on the work that a request makes.

The parser makes an object of a hundred bytes from an update of two, so fields are counted in the
bytes before they are parsed. The count ends as soon as a limit is passed. It is exact for bytes
that the parser accepts; for others it ends early or late, and the parser rejects them.
"""

from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from google.protobuf.message import DecodeError, Message

from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.errors import FieldViolation, InvalidRequest
from leaderboard_server.domain.fields import MAX_ATTRIBUTES
from leaderboard_server.transport.statuses import MalformedRequest, MessageTooLarge

MAX_REQUEST_BYTES = 2**20
"""A batch of 1,000 updates with every field but attributes at its longest fits."""
MAX_BATCH = 1_000
MAX_USERS = 1_000
"""Users that one request names."""
MAX_CHANGED_ATTRIBUTES = 2 * MAX_ATTRIBUTES
"""Attributes that one update changes: it may replace all that there are by others."""
MAX_BATCH_ATTRIBUTES = MAX_BATCH * MAX_CHANGED_ATTRIBUTES
"""Attributes in all updates of a batch."""
MAX_OTHER_FIELDS = 100
"""Fields beside the updates of a batch or the users named, unknown ones included."""
COUNTED_FROM_BYTES = 2_000
"""The size from which fields are counted; smaller requests are parsed in no time."""

_REPEATED: dict[type[Message], tuple[str, int]] = {
    pb.BatchUpdateScoresRequest: ("updates", MAX_BATCH),
    pb.WatchContestRequest: ("user_ids", MAX_USERS),
    pb.BatchGetUserRanksRequest: ("user_ids", MAX_USERS),
    contests_pb2.RemoveUsersRequest: ("user_ids", MAX_USERS),
    contests_pb2.HideUsersRequest: ("user_ids", MAX_USERS),
    contests_pb2.UnhideUsersRequest: ("user_ids", MAX_USERS),
}
"""The repeated field of a request, and the most entries that it may have."""

_VARINT, _LENGTH_DELIMITED, _GROUP, _END_OF_GROUP = 0, 2, 3, 4
_FIXED = {1: 8, 5: 4}
"""The wire types of numbers of fixed size, with their size."""
_MAX_VARINT = 10
"""The most bytes of a number."""
_CONTINUES = 0x80
"""The bit of a byte of a number that says that another one follows."""


Request = TypeVar("Request", bound=Message)


class FieldCount(NamedTuple):
    """The outer fields of a message."""

    entries: int
    """Entries of the repeated field."""
    others: int
    """Other fields, those within groups too, and the ends of groups."""


def parse(kind: type[Request], data: bytes) -> Request:
    """Parse a request message.

    Raises:
        MessageTooLarge: It has too many bytes.

        InvalidRequest: It has too many updates or users.

        MalformedRequest: The bytes are not such a message, or have too many other fields.
    """
    if len(data) > MAX_REQUEST_BYTES:
        raise MessageTooLarge(MAX_REQUEST_BYTES)
    if len(data) >= COUNTED_FROM_BYTES:
        _check_field_count(kind, data)
    try:
        return kind.FromString(data)
    except DecodeError as error:
        raise MalformedRequest(kind.DESCRIPTOR.full_name) from error


def _check_field_count(kind: type[Message], data: bytes) -> None:
    field, max_entries = _REPEATED.get(kind, ("", 0))
    number = kind.DESCRIPTOR.fields_by_name[field].number if field else 0
    count = count_fields(data, number, FieldCount(max_entries, MAX_OTHER_FIELDS))
    if count.entries > max_entries:
        problem = f"must have at most {max_entries} entries"
        raise InvalidRequest((FieldViolation(field, problem),))
    if count.others > MAX_OTHER_FIELDS:
        problem = f"it has more than {MAX_OTHER_FIELDS} fields"
        raise MalformedRequest(kind.DESCRIPTOR.full_name, problem)
    if kind is pb.BatchUpdateScoresRequest and _has_too_many_attributes(data, number):
        problem = f"must have at most {MAX_BATCH_ATTRIBUTES} attributes in all"
        raise InvalidRequest((FieldViolation(field, problem),))


def count_fields(data: bytes, number: int, limits: FieldCount) -> FieldCount:
    """Count the fields of a message until one of the limits is passed.

    Args:
        data: The message.

        number: The number of its repeated field, which has texts or messages.

        limits: The count that the message may have.
    """
    entries = others = 0
    entry_tag = number << 3 | _LENGTH_DELIMITED
    for tag, depth, _, _ in _fields(data):
        if tag == entry_tag and not depth:
            entries += 1
        else:
            others += 1
        if entries > limits.entries or others > limits.others:
            break
    return FieldCount(entries, others)


def _has_too_many_attributes(data: bytes, updates: int) -> bool:
    """Return whether a batch, with the number of its updates, has too many attributes."""
    attributes = pb.UpdateScoreRequest.ATTRIBUTES_FIELD_NUMBER
    tag = attributes << 3 | _LENGTH_DELIMITED
    # Each attribute has this byte, or it with the bit for more bytes, which is counted at once.
    if data.count(tag) + data.count(tag | _CONTINUES) <= MAX_BATCH_ATTRIBUTES:
        return False
    left = MAX_BATCH_ATTRIBUTES
    update_tag = updates << 3 | _LENGTH_DELIMITED
    for tag, depth, start, end in _fields(data):
        if tag == update_tag and not depth:
            left -= count_fields(data[start:end], attributes, FieldCount(left, len(data))).entries
            if left < 0:
                return True
    return False


def _fields(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield the tag of each field, the number of groups around it, and where its value is.

    Ends early where the bytes are no message.
    """
    depth = position = 0
    size = len(data)
    try:
        while position < size:
            tag, position = _varint(data, position)
            around, start = depth, position
            wire_type = tag & 7
            if wire_type == _LENGTH_DELIMITED:
                length, start = _varint(data, position)
                position = start + length
            elif wire_type == _VARINT:
                _, position = _varint(data, position)
            elif wire_type == _GROUP:
                depth += 1
            elif wire_type == _END_OF_GROUP:
                depth -= 1
            else:
                position += _FIXED[wire_type]
            yield tag, around, start, position
    except (IndexError, KeyError):
        pass  # no message: it is cut off, or has a number or type that there is not


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """Return the number at a position, and the position after it."""
    byte = data[position]
    if byte < _CONTINUES:
        return byte, position + 1
    number = byte & ~_CONTINUES
    for index in range(1, _MAX_VARINT):
        byte = data[position + index]
        number |= (byte & ~_CONTINUES) << 7 * index
        if byte < _CONTINUES:
            return number, position + index + 1
    raise IndexError
