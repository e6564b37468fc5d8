"""JSON schemas of the contract's messages, made from their descriptors."""

import functools
import json
from importlib.resources import files
from typing import Any, cast

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

Schema = dict[str, Any]
"""A JSON schema."""

_DESCRIPTIONS = "field_descriptions.json"

_INT64: Schema = {"type": "string", "format": "int64", "pattern": "^-?[0-9]{1,19}$"}
"""A number as text: JSON readers are exact to 2^53 only."""
_SCALARS: dict[int, Schema] = {
    FieldDescriptor.CPPTYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.CPPTYPE_DOUBLE: {"type": "number", "format": "double"},
    FieldDescriptor.CPPTYPE_INT32: {"type": "integer", "format": "int32"},
    FieldDescriptor.CPPTYPE_INT64: _INT64,
    FieldDescriptor.CPPTYPE_STRING: {"type": "string"},
}
_WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,9})?s$"},
}


def reference(message: type[Message]) -> Schema:
    """Return the reference to the schema of a message."""
    return _reference(message.DESCRIPTOR.name)


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def schemas(*messages: type[Message]) -> dict[str, Schema]:
    """Return the schemas of messages and of all that is in them, by name."""
    found: dict[str, Schema] = {}
    left = [cast("Descriptor", message.DESCRIPTOR) for message in messages]
    while left:
        kind = left.pop()
        if kind.name not in found:
            found[kind.name] = _message(kind)
            left += [inner for field in kind.fields if (inner := _inner(field)) is not None]
    return dict(sorted(found.items()))


def _inner(field: FieldDescriptor) -> Descriptor | None:
    """Return the message of the contract that a field has, if any."""
    kind = field.message_type
    if kind is None or _is_map(kind) or kind.full_name in _WELL_KNOWN:
        return None
    return kind


def _is_map(kind: Descriptor) -> bool:
    return kind.has_options and kind.GetOptions().map_entry


def _message(kind: Descriptor) -> Schema:
    schema: Schema = {
        "type": "object",
        "description": _descriptions()[kind.name],
        "properties": {field.json_name: _described(kind.name, field) for field in kind.fields},
    }
    required = [field.json_name for field in kind.fields if not field.has_presence]
    return schema | ({"required": required} if required else {})


def _described(name: str, field: FieldDescriptor) -> Schema:
    return {"description": _descriptions()[f"{name}.{field.json_name}"], **_field(field)}


def _field(field: FieldDescriptor) -> Schema:
    kind = field.message_type
    if kind is not None and _is_map(kind):
        return {"type": "object", "additionalProperties": _value(kind.fields_by_name["value"])}
    return {"type": "array", "items": _value(field)} if field.is_repeated else _value(field)


def _value(field: FieldDescriptor) -> Schema:
    if field.message_type is not None:
        kind = field.message_type
        return _WELL_KNOWN.get(kind.full_name) or _reference(kind.name)
    if field.enum_type is not None:
        return _enum(field.enum_type)
    return _SCALARS[field.cpp_type]


def _enum(kind: EnumDescriptor) -> Schema:
    return {"type": "string", "enum": [value.name for value in kind.values]}


@functools.cache
def _descriptions() -> dict[str, str]:
    """Return the contract's comments, by message and field."""
    text = files("leaderboard_web.api").joinpath(_DESCRIPTIONS).read_text(encoding="utf-8")
    descriptions: dict[str, str] = json.loads(text)
    return descriptions
