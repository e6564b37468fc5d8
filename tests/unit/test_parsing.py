"""Requests in bytes: what would make much work is rejected before it is parsed."""

import pytest
from google.protobuf.message import DecodeError, Message
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.errors import InvalidRequest
from leaderboard_server.transport.parsing import (
    MAX_BATCH,
    MAX_BATCH_ATTRIBUTES,
    MAX_OTHER_FIELDS,
    MAX_REQUEST_BYTES,
    FieldCount,
    count_fields,
    parse,
)
from leaderboard_server.transport.statuses import MalformedRequest

_UPDATES = pb.BatchUpdateScoresRequest.UPDATES_FIELD_NUMBER
_USER_IDS = pb.WatchContestRequest.USER_IDS_FIELD_NUMBER
_NO_LIMIT = FieldCount(10**9, 10**9)

_VARINT, _EIGHT_BYTES, _LENGTH, _GROUP, _END, _FOUR_BYTES = range(6)


def _varint(number: int, padding: int = 0) -> bytes:
    """Encode a number, with bytes that add nothing to it."""
    text = b""
    while number > 0x7F or padding:
        text += bytes([number & 0x7F | 0x80])
        padding -= number <= 0x7F
        number >>= 7
    return text + bytes([number])


def _tag(number: int, wire_type: int, padding: int = 0) -> bytes:
    return _varint(number << 3 | wire_type, padding)


def _field(number: int, content: bytes = b"", padding: int = 0) -> bytes:
    return _tag(number, _LENGTH, padding) + _varint(len(content)) + content


_numbers = st.sampled_from([1, 1, 1, 2, 3, 4, 15, 16, 1_000, 2**29 - 1])
_paddings = st.integers(0, 4)
_contents = st.sampled_from([b"", b"", b"a", b"\x0a\x00", b"\x18\x01", b"\x22\x01a", b"\x0b\x0c"])
_plain_fields = st.one_of(
    st.builds(_field, _numbers, _contents, _paddings),
    st.builds(
        lambda number, value, padding: (
            _tag(number, _VARINT) + _varint(value, padding if value < 2**32 else 0)
        ),
        _numbers,
        st.integers(0, 2**32 - 1) | st.just(2**64 - 1),
        _paddings,
    ),
    st.builds(lambda number: _tag(number, _EIGHT_BYTES) + b"\x0a" * 8, _numbers),
    st.builds(lambda number: _tag(number, _FOUR_BYTES) + b"\x0a" * 4, _numbers),
)
_fields = st.recursive(
    _plain_fields,
    lambda inner: st.builds(
        lambda number, parts: _tag(number, _GROUP) + b"".join(parts) + _tag(number, _END),
        _numbers,
        st.lists(inner, max_size=3),
    ),
    max_leaves=6,
)
_messages = st.lists(_fields, max_size=8).map(b"".join)


@st.composite
def _damaged(draw: st.DrawFn) -> bytes:
    """Draw a message with some bytes changed, removed or inserted."""
    data = bytearray(draw(_messages))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        data[start : start + draw(st.integers(0, 2))] = draw(st.binary(max_size=3))
    return bytes(data)


@settings(max_examples=600)
@given(data=_messages | _damaged() | st.binary(max_size=40))
def test_the_count_is_the_parsers(data: bytes) -> None:
    """Bytes that the parser accepts have as many entries as were counted; no bytes break it."""
    updates = count_fields(data, _UPDATES, _NO_LIMIT).entries
    user_ids = count_fields(data, _USER_IDS, _NO_LIMIT).entries

    try:
        batch = pb.BatchUpdateScoresRequest.FromString(data)
    except DecodeError:
        pass
    else:
        assert updates == len(batch.updates)
    try:
        watch = pb.WatchContestRequest.FromString(data)
    except DecodeError:
        pass
    else:
        assert user_ids == len(watch.user_ids)


@given(fields=st.lists(_plain_fields, max_size=12), most=st.integers(0, 6))
def test_the_count_ends_at_its_limits(fields: list[bytes], most: int) -> None:
    """Each field is an entry or another one, and one more than a limit is enough to know."""
    data = b"".join(fields)
    entries, others = count_fields(data, _UPDATES, _NO_LIMIT)

    assert entries + others == len(fields)
    ended = count_fields(data, _UPDATES, FieldCount(most, most))
    assert (ended.entries > most or ended.others > most) == (entries > most or others > most)
    assert max(ended) <= most + 1


@pytest.mark.parametrize(
    ("kind", "entry"),
    [
        pytest.param(pb.BatchUpdateScoresRequest, b"\x0a\x00", id="updates"),
        pytest.param(pb.BatchUpdateScoresRequest, b"\x8a\x80\x80\x80\x00\x00", id="padded tags"),
        pytest.param(pb.WatchContestRequest, b"\x22\x00", id="users"),
    ],
)
def test_too_many_entries_are_rejected_unparsed(kind: type[Message], entry: bytes) -> None:
    """A request full of entries names the field, even if bytes after them are no message."""
    data = entry * (MAX_REQUEST_BYTES // len(entry) - 1) + b"\xff"

    with pytest.raises(InvalidRequest, match="must have at most 1000 entries"):
        parse(kind, data)


@pytest.mark.parametrize("kind", [pb.UpdateScoreRequest, pb.BatchUpdateScoresRequest])
@pytest.mark.parametrize(
    "field",
    [b"\x78\x01", b"\x7a\x00", b"\x3a\x00", b"\x7b\x7c", b"\xa2\x7f\x00"],
    ids=["a number", "a text", "a time", "a group", "a large number of a field"],
)
def test_too_many_other_fields_are_rejected_unparsed(kind: type[Message], field: bytes) -> None:
    """Fields that the message has once, or not at all, may come a hundred times, not more."""
    few = field * (MAX_OTHER_FIELDS // 2 - 1) + b"\xfa\x7f\xd0\x0f" + b"\0" * 2_000
    parse(kind, few)

    with pytest.raises(MalformedRequest, match="more than 100 fields"):
        parse(kind, field * (MAX_REQUEST_BYTES // len(field)))


@pytest.mark.parametrize("padding", [0, 2], ids=["tags", "padded tags"])
@pytest.mark.parametrize("updates", [1, 7, MAX_BATCH])
def test_too_many_attributes_are_rejected_unparsed(updates: int, padding: int) -> None:
    """A batch has at most as many attributes as 1,000 updates may change, wherever they are."""
    attribute = _field(pb.UpdateScoreRequest.ATTRIBUTES_FIELD_NUMBER, padding=padding)
    shares = [MAX_BATCH_ATTRIBUTES // updates] * updates
    shares[0] += MAX_BATCH_ATTRIBUTES % updates
    parse(pb.BatchUpdateScoresRequest, b"".join(_field(1, attribute * share) for share in shares))

    shares[-1] += 1
    data = b"".join(_field(1, attribute * share) for share in shares) + b"\xff"

    with pytest.raises(InvalidRequest, match="at most 16000 attributes in all"):
        parse(pb.BatchUpdateScoresRequest, data)


def test_text_full_of_the_byte_of_attributes_is_no_attribute() -> None:
    """Long names are accepted whatever letters they have."""
    update = pb.UpdateScoreRequest(display_name="J" * 200)
    request = pb.BatchUpdateScoresRequest(updates=[update] * MAX_BATCH)

    assert parse(pb.BatchUpdateScoresRequest, request.SerializeToString()) == request


def test_the_largest_batch_is_parsed() -> None:
    """A batch of 1,000 updates, with unknown fields beside them, is accepted."""
    data = b"\x0a\x06\x0a\x01c\x12\x01u" * MAX_BATCH + b"\x7a\x00" * MAX_OTHER_FIELDS

    assert len(parse(pb.BatchUpdateScoresRequest, data).updates) == MAX_BATCH
