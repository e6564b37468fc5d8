"""Reads the contest of a request, for the attribute of its span."""

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from leaderboard.v1 import contests_pb2, leaderboard_pb2
from leaderboard_server.domain.errors import LeaderboardError
from leaderboard_server.domain.fields import CONTEST_ID
from leaderboard_server.transport.parsing import parse

_REQUESTS: dict[str, type[Message]] = {
    f"/{service.full_name}/{method.name}": GetMessageClass(method.input_type)
    for file in (leaderboard_pb2, contests_pb2)
    for service in file.DESCRIPTOR.services_by_name.values()
    for method in service.methods
    if {"contest_id", "contest"} & set(method.input_type.fields_by_name)
}
"""The requests of one contest, by the path of their method."""


def contest_id_of(path: str, data: bytes) -> str:
    """Return the contest of a request; empty if it is of several or none, or malformed.

    An invalid id is left out: it may be as long as a request, and thousands of spans may wait for
    their export.
    """
    kind = _REQUESTS.get(path)
    if kind is None:
        return ""
    try:
        request = parse(kind, data)
    except LeaderboardError:
        return ""
    contest_id: str = getattr(getattr(request, "contest", request), "contest_id", "")
    return contest_id if CONTEST_ID.fullmatch(contest_id) else ""
