"""Messages of the contract as JSON, by protobuf's own mapping.

Equal to `json_format` with the defaults of fields without presence printed, so that the shape of an
object does not depend on its values; but made from a plan for each message type, and for rows by
hand, since `json_format` takes ten times as long.
"""

import functools
import math
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

import orjson
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from leaderboard.v1 import leaderboard_pb2 as pb

Convert = Callable[[Any], Any]
"""Turns a value of a field into its JSON value."""

_INT64 = frozenset({FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64})
_AS_THEY_ARE = frozenset(
    {
        FieldDescriptor.CPPTYPE_BOOL,
        FieldDescriptor.CPPTYPE_INT32,
        FieldDescriptor.CPPTYPE_STRING,
        FieldDescriptor.CPPTYPE_UINT32,
    }
)


def encode(message: Message) -> bytes:
    """Return a message as the bytes of a JSON object."""
    return orjson.dumps(to_dict(message))


def to_dict(message: Message) -> dict[str, Any]:
    """Return a message as a JSON object; int64 as text, enums by name, times in RFC 3339."""
    document: dict[str, Any] = _conversion(message.DESCRIPTOR)(message)
    return document


@functools.cache
def _conversion(kind: Descriptor) -> Convert:
    """Return how messages of a type become JSON."""
    if kind == pb.RankedUser.DESCRIPTOR:
        return _row
    if kind == pb.ScoreChange.DESCRIPTOR:
        return _change
    if kind.file.package == "google.protobuf":
        return _well_known
    return _Plan(kind).convert


def _row(user: pb.RankedUser) -> dict[str, Any]:
    attributes = user.attributes
    return {
        "userId": user.user_id,
        "score": str(user.score),
        "rank": user.rank,
        "displayName": user.display_name,
        "place": user.place,
        "attributes": {key: attributes[key] for key in attributes} if attributes else {},
    }


def _change(change: pb.ScoreChange) -> dict[str, Any]:
    document: dict[str, Any] = {"user": _row(change.user)} if change.HasField("user") else {}
    document |= {
        "previousRank": change.previous_rank,
        "points": str(change.points),
        "eventType": change.event_type,
        "previousPlace": change.previous_place,
        "removed": change.removed,
    }
    if change.HasField("event_time"):
        document["eventTime"] = change.event_time.ToJsonString()
    return document


def _well_known(message: Message) -> Any:
    return json_format.MessageToDict(message, always_print_fields_with_no_presence=True)


class _Plan:
    """The fields of a message type: all values are read at once, then a few are converted."""

    def __init__(self, kind: Descriptor) -> None:
        fields = [field for field in kind.fields if not field.has_presence]
        self._names = [field.json_name for field in fields]
        self._read = _reader([field.name for field in fields])
        self._converted = [
            (field.json_name, convert)
            for field in fields
            if (convert := _field_conversion(field)) is not None
        ]
        self._present = [
            (field.name, field.json_name, _value_conversion(field))
            for field in kind.fields
            if field.has_presence
        ]
        self._order = [field.json_name for field in kind.fields]

    def convert(self, message: Message) -> dict[str, Any]:
        """Return a message of this type as a JSON object."""
        document = dict(zip(self._names, self._read(message), strict=True))
        for name, convert in self._converted:
            document[name] = convert(document[name])
        for field, name, convert_value in self._present:
            if message.HasField(field):
                value = getattr(message, field)
                document[name] = value if convert_value is None else convert_value(value)
        return {name: document[name] for name in self._order if name in document}


def _reader(names: list[str]) -> Callable[[Message], tuple[Any, ...]]:
    """Return a function that reads these fields of a message."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda message: tuple(getattr(message, name) for name in names)


def _field_conversion(field: FieldDescriptor) -> Convert | None:
    """Return how a field without presence becomes JSON; None if it is JSON already."""
    kind = field.message_type
    if kind is not None and kind.has_options and kind.GetOptions().map_entry:
        return _map_conversion(_value_conversion(kind.fields_by_name["value"]))
    convert = _value_conversion(field)
    if not field.is_repeated:
        return convert
    if convert is None:
        return list
    return lambda values: [convert(value) for value in values]


def _map_conversion(convert: Convert | None) -> Convert:
    """Return how a map with text as keys becomes JSON."""

    def convert_map(values: Mapping[str, Any]) -> dict[str, Any]:
        return {key: convert(values[key]) if convert else values[key] for key in values}

    return convert_map


def _value_conversion(field: FieldDescriptor) -> Convert | None:
    """Return how one value of a field becomes JSON; None if it is JSON already."""
    if field.message_type is not None:
        return _conversion(field.message_type)
    kind = field.cpp_type
    if kind in _INT64:
        return str
    if field.enum_type is not None:
        names = {value.number: value.name for value in field.enum_type.values}
        return lambda number: names.get(number, number)
    if kind == FieldDescriptor.CPPTYPE_DOUBLE:
        return _number
    if kind in _AS_THEY_ARE and field.type != FieldDescriptor.TYPE_BYTES:
        return None
    raise TypeError(f"{field.full_name} has a type that is not encoded")


def _number(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
