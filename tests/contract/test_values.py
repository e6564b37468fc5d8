"""Completeness of the tables of values."""

from collections.abc import Iterator

from google.protobuf.descriptor import Descriptor

from contract.edge import RPCS
from contract.values import ELSEWHERE, FIELDS, OUTPUT_ONLY
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb

_NESTED = (
    pb.Position.DESCRIPTOR,
    contests_pb2.Contest.DESCRIPTOR,
    contests_pb2.ResetSchedule.DESCRIPTOR,
    pb.ContestRules.DESCRIPTOR,
)


def test_every_field_has_values() -> None:
    """Each field of each request has its good and bad values in these tests."""
    known = {f"{rpc}.{path}" for rpc, values in FIELDS.items() for path in values}
    known |= set(ELSEWHERE)

    assert {f"{rpc}.{path}" for rpc in RPCS for path in _paths(RPCS[rpc].input_type)} == known


def _paths(message: Descriptor) -> Iterator[str]:
    for field in message.fields:
        if message is contests_pb2.Contest.DESCRIPTOR and field.name in OUTPUT_ONLY:
            continue
        if field.message_type in _NESTED:
            yield from (f"{field.name}.{path}" for path in _paths(field.message_type))
        else:
            yield field.name
