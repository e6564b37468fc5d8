"""Rows of users as records for scripts, and the hidden ones of a contest."""

from collections.abc import Iterator
from typing import NamedTuple

from google.protobuf.json_format import MessageToDict

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.contests_pb2 import ListHiddenUsersRequest
from leaderboard_cli.connection import Connection
from leaderboard_cli.options import MAX_ROWS


class HiddenUser(NamedTuple):
    """A hidden user of a contest."""

    user: pb.RankedUser
    has_score: bool = True


def user_record(user: pb.RankedUser, *, has_score: bool = True) -> dict[str, object]:
    """Return a row as `--json` prints it; the score is None for a user without one."""
    record: dict[str, object] = MessageToDict(
        user, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return record if has_score else record | {"score": None}


def hidden_users(connection: Connection, contest: str) -> Iterator[HiddenUser]:
    """Yield the hidden users of a contest."""
    request = ListHiddenUsersRequest(contest_id=contest, page_size=MAX_ROWS)
    for page in connection.each_hidden_page(request):
        for user in page.users:
            yield HiddenUser(user)
        for user_id in page.user_ids_without_score:
            yield HiddenUser(pb.RankedUser(user_id=user_id), has_score=False)
