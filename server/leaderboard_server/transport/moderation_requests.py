"""Checks the requests of `ContestService` that delete contests and moderate users.

Each check raises `InvalidRequest`, with a violation for each invalid field.
"""

import re
from collections.abc import Sequence
from typing import Protocol

from leaderboard.v1 import contests_pb2 as pb
from leaderboard_server.domain import fields
from leaderboard_server.domain.moderation import HiddenQuery, UsersQuery
from leaderboard_server.transport.contest_requests import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from leaderboard_server.transport.page_tokens import (
    decode_contest_token,
    decode_token,
    encode_token,
)
from leaderboard_server.transport.violations import reject, user_ids_problems

_MAX_CURSOR = 2**64 - 1
_CURSOR = re.compile("[0-9]{1,20}")


class _UsersRequest(Protocol):
    """A request of moderation."""

    @property
    def contest_id(self) -> str:
        """The contest."""

    @property
    def user_ids(self) -> Sequence[str]:
        """The users."""


def deletion(request: pb.DeleteContestRequest) -> tuple[str, str]:
    """Check the request of `DeleteContest`: return the contest, and its epoch or ''."""
    reject(
        (
            ("contest_id", fields.matches(fields.CONTEST_ID, request.contest_id)),
            ("epoch", fields.matches_if_set(fields.EPOCH, request.epoch)),
        )
    )
    return request.contest_id, request.epoch


def users(request: _UsersRequest) -> UsersQuery:
    """Check the request of `RemoveUsers`, `HideUsers` or `UnhideUsers`."""
    reject(
        (
            ("contest_id", fields.matches(fields.CONTEST_ID, request.contest_id)),
            *user_ids_problems(request.user_ids),
        )
    )
    return UsersQuery(request.contest_id, tuple(request.user_ids))


def hidden_users(request: pb.ListHiddenUsersRequest) -> HiddenQuery:
    """Check the request of `ListHiddenUsers`."""
    part = _decode_part(request.page_token)
    reject(
        (
            ("contest_id", fields.matches(fields.CONTEST_ID, request.contest_id)),
            ("page_size", fields.within(request.page_size, 0, MAX_PAGE_SIZE)),
            ("page_token", None if part else "is not a token of a page of hidden users"),
        )
    )
    cursor, after = part or (0, "")
    return HiddenQuery(request.contest_id, request.page_size or DEFAULT_PAGE_SIZE, cursor, after)


def encode_part(query: HiddenQuery | None) -> str:
    """Return the token of the next page of hidden users; it means nothing to callers."""
    return encode_token(f"{query.cursor} {query.after}") if query else ""


def _decode_part(token: str) -> tuple[int, str] | None:
    """Return the cursor and the user that a page comes after; None for no token."""
    if not token:
        return 0, ""
    cursor, _, after = (decode_token(token) or "").partition(" ")
    valid_cursor = _CURSOR.fullmatch(cursor) and int(cursor) <= _MAX_CURSOR
    valid_user = not after or fields.USER_ID.fullmatch(after)
    return (int(cursor), after) if valid_cursor and valid_user else None


def erasure(request: pb.EraseUserRequest) -> tuple[str, str]:
    """Check the request of `EraseUser`: return the user, and the contest that the part follows."""
    after = decode_contest_token(request.page_token)
    reject(
        (
            ("user_id", fields.matches(fields.USER_ID, request.user_id)),
            ("page_token", None if after is not None else "is not a token of a part of contests"),
        )
    )
    return request.user_id, after or ""
