"""Collects the problems of a request's fields, and raises them together."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain import fields
from leaderboard_server.domain.errors import FieldViolation, InvalidRequest
from leaderboard_server.transport.parsing import MAX_USERS
from leaderboard_server.transport.statuses import MAX_VIOLATIONS

MAX_REVISION = 2**53

Problem = tuple[str, str | None]
"""A field and its problem, or None."""


def reject(problems: Iterable[Problem]) -> None:
    """Raise the problems, if there are any."""
    if found := violations(problems):
        raise InvalidRequest(found)


def violations(problems: Iterable[Problem], path: str = "") -> tuple[FieldViolation, ...]:
    """Return the first problems, as many as a status holds."""
    found = (FieldViolation(path + field, text) for field, text in problems if text)
    return tuple(islice(found, MAX_VIOLATIONS))


def position_problems(field: str, position: pb.Position) -> Iterator[Problem]:
    """Check a position; `field` is its path."""
    yield f"{field}.epoch", fields.matches_if_set(fields.EPOCH, position.epoch)
    yield f"{field}.revision", fields.within(position.revision, 0, MAX_REVISION)
    if position.revision and not position.epoch:
        yield f"{field}.epoch", "must not be empty with a revision"


def user_ids_problems(user_ids: Sequence[str]) -> Iterator[Problem]:
    """Check the field `user_ids` where it has to name users, each once."""
    if fields.within(len(user_ids), 1, MAX_USERS):
        yield "user_ids", f"must have 1 to {MAX_USERS} entries"
        return
    if len(set(user_ids)) < len(user_ids):
        yield "user_ids", "must name each user once"
    for index, user_id in enumerate(user_ids):
        if problem := fields.matches(fields.USER_ID, user_id):
            yield f"user_ids[{index}]", problem
