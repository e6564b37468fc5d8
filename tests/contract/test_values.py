"""Completeness of the tables of values."""

from collections.abc import Iterator

from google.protobuf.descriptor import Descriptor

from contract.edge import RPCS
from contract.values import ELSEWHERE, FIELDS
from leaderboard.v1 import leaderboard_pb2 as pb


def test_every_field_has_values() -> None:
    """Each field of each request has its good and bad values in these tests."""
    known = {f"{rpc}.{path}" for rpc, values in FIELDS.items() for path in values}
    known |= set(ELSEWHERE)

    assert {f"{rpc}.{path}" for rpc in RPCS for path in _paths(RPCS[rpc].input_type)} == known


def _paths(message: Descriptor) -> Iterator[str]:
    for field in message.fields:
        if field.message_type is pb.Position.DESCRIPTOR:
            yield from (f"{field.name}.{path}" for path in _paths(field.message_type))
        else:
            yield field.name
