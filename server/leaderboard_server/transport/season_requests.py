"""Checks the requests of `ContestService` that end and list seasons.

Each check raises `InvalidRequest`, with a violation for each invalid field.
"""

import re

from leaderboard.v1 import contests_pb2 as pb
from leaderboard_server.domain import fields
from leaderboard_server.domain.seasons import SeasonsQuery
from leaderboard_server.transport.contest_requests import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from leaderboard_server.transport.page_tokens import decode_token, encode_token
from leaderboard_server.transport.queries import MAX_INT32
from leaderboard_server.transport.violations import reject

_NUMBER = re.compile("[1-9][0-9]{0,9}")


def reset(request: pb.ResetContestRequest) -> tuple[str, int]:
    """Check the request of `ResetContest`: return the contest and the season."""
    reject(
        (
            ("contest_id", fields.matches(fields.CONTEST_ID, request.contest_id)),
            ("season", fields.within(request.season, 1, MAX_INT32)),
        )
    )
    return request.contest_id, request.season


def seasons_query(request: pb.ListSeasonsRequest) -> SeasonsQuery:
    """Check the request of `ListSeasons`."""
    before = _decode_before(request.page_token)
    reject(
        (
            ("contest_id", fields.matches(fields.CONTEST_ID, request.contest_id)),
            ("page_size", fields.within(request.page_size, 0, MAX_PAGE_SIZE)),
            ("page_token", "is not a token of a page of seasons" if before is None else None),
        )
    )
    return SeasonsQuery(request.contest_id, request.page_size or DEFAULT_PAGE_SIZE, before or 0)


def encode_before(season: int) -> str:
    """Return the token of the page of the seasons before one, '' for 0."""
    return encode_token(str(season)) if season else ""


def _decode_before(token: str) -> int | None:
    """Return the season that a page comes before, 0 for the first page; None for no token."""
    if not token:
        return 0
    number = decode_token(token) or ""
    return int(number) if _NUMBER.fullmatch(number) and int(number) <= MAX_INT32 else None
