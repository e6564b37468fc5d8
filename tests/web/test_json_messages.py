"""JSON of messages is protobuf's own mapping, for whatever the contract serves."""

from typing import Any

import orjson
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.v1 import contests_pb2, leaderboard_pb2
from leaderboard_web.json_messages import encode, to_dict

SERVED = [
    *contests_pb2.DESCRIPTOR.message_types_by_name.values(),
    *(
        kind
        for name, kind in leaderboard_pb2.DESCRIPTOR.message_types_by_name.items()
        if name not in {"UpdateStatus", "BatchUpdateResult", "BatchUpdateScoresResponse"}
    ),
]
"""All messages but those with details of failed updates, which may hold anything."""

_SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_DOUBLE: st.floats(),
    FieldDescriptor.CPPTYPE_ENUM: st.integers(0, 9) | st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_STRING: st.text(max_size=6),
}
_TIMES = {
    "google.protobuf.Timestamp": st.builds(
        dict,
        seconds=st.integers(-62135596800, 253402300799),
        nanos=st.sampled_from([0, 0, 1, 7_000, 500_000_000, 999_999_999]),
    ),
    "google.protobuf.Duration": st.builds(dict, seconds=st.integers(0, 315576000000)),
    "google.protobuf.FieldMask": st.just({"paths": ["rules.max_points"]}),
}


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_equals_the_mapping_of_protobuf(data: st.DataObject) -> None:
    """Any message of the contract is the same JSON as protobuf's library makes of it."""
    message = data.draw(st.sampled_from(SERVED).flatmap(_messages))
    expected = json_format.MessageToDict(message, always_print_fields_with_no_presence=True)
    assert to_dict(message) == expected


def test_bytes_are_read_back_as_the_message() -> None:
    """The bytes of a message are JSON from which protobuf's library reads the same message."""
    row = leaderboard_pb2.RankedUser(
        user_id="ada", score=-(2**53), rank=1, place=2, display_name="Ада 🏆", attributes={"a": "b"}
    )
    message = leaderboard_pb2.GetTopUsersResponse(users=[row], total_users=7)
    text = encode(message).decode()
    assert json_format.Parse(text, leaderboard_pb2.GetTopUsersResponse()) == message


@pytest.mark.parametrize("name", ["RankedUser", "ScoreChange"])
def test_rows_have_each_field_of_the_contract(name: str) -> None:
    """Rows, whose JSON is made by hand, have no field less than the contract."""
    kind = leaderboard_pb2.DESCRIPTOR.message_types_by_name[name]
    message = GetMessageClass(kind)()
    for field in kind.fields:
        if field.has_presence:
            getattr(message, field.name).SetInParent()
    assert set(to_dict(message)) == {field.json_name for field in kind.fields}


def test_defaults_are_printed_and_unset_messages_are_not() -> None:
    """The shape of an object is the same for all values of fields without presence."""
    assert orjson.loads(encode(leaderboard_pb2.GetTopUsersResponse())) == {
        "users": [],
        "totalUsers": 0,
    }


def _messages(kind: Descriptor, depth: int = 3) -> st.SearchStrategy[Message]:
    """Return random messages of a type."""
    make = GetMessageClass(kind)
    if kind.full_name in _TIMES:
        return _TIMES[kind.full_name].map(lambda values: make(**values))
    fields = {field.name: _values(field, depth) for field in kind.fields}
    optional = {name: values for name, values in fields.items() if values is not None}
    return st.fixed_dictionaries({}, optional=optional).map(lambda values: make(**values))


def _values(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any] | None:
    """Return random values of a field; None where it is nested too deep."""
    kind = field.message_type
    if kind is None:
        one = _SCALARS[field.cpp_type]
    elif kind.GetOptions().map_entry:
        return st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=3)
    elif depth == 0:
        return None
    else:
        one = _messages(kind, depth - 1)
    return st.lists(one, max_size=3) if field.is_repeated else one
