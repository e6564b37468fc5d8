"""Reads from the bytes of requests what an access log may show: ids of contests and of requests.

Nothing else of a request is shown: user ids, names and attributes are personal data.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.errors import LeaderboardError
from leaderboard_server.domain.fields import CONTEST_ID, REQUEST_ID
from leaderboard_server.transport.parsing import parse

Fields: TypeAlias = dict[str, str | int]

_REQUESTS: Mapping[str, type[Message]] = {
    f"/{service.full_name}/{method.name}": GetMessageClass(method.input_type)
    for file in (pb.DESCRIPTOR, contests_pb2.DESCRIPTOR)
    for service in file.services_by_name.values()
    for method in service.methods
}
"""The request of each method, by path."""


def logged_fields(path: str, data: bytes) -> Fields:
    """Return the ids in a request, or the numbers of updates and contests of a batch.

    What is invalid is left out, since it may be anything.
    """
    kind = _REQUESTS.get(path)
    if kind is None:
        return {}
    try:
        request = parse(kind, data)
    except LeaderboardError:
        return {}
    if isinstance(request, pb.BatchUpdateScoresRequest):
        return _of_batch(request.updates)
    with_contest = request
    if isinstance(request, contests_pb2.CreateContestRequest | contests_pb2.UpdateContestRequest):
        with_contest = request.contest
    fields: Fields = {}
    if CONTEST_ID.fullmatch(contest_id := getattr(with_contest, "contest_id", "")):
        fields["contest_id"] = contest_id
    if REQUEST_ID.fullmatch(request_id := getattr(request, "request_id", "")):
        fields["request_id"] = request_id
    return fields


def _of_batch(updates: Sequence[pb.UpdateScoreRequest]) -> Fields:
    contests = {update.contest_id for update in updates}
    return {"updates": len(updates), "contests": len(contests)}
