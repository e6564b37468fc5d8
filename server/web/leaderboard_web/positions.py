"""Positions of contests as text: in queries, and as the ETags of responses."""

import re

from leaderboard.v1 import leaderboard_pb2 as pb

_MAX_REVISION = 2**53
_TEXT = re.compile(r"([A-Za-z0-9_-]{0,64}):(0|[1-9][0-9]{0,15})")


def position_text(position: pb.Position) -> str:
    """Return EPOCH:REVISION; of a contest that does not exist `:0`."""
    return f"{position.epoch}:{position.revision}"


def parse_position(text: str) -> pb.Position:
    """Return the position that a text EPOCH:REVISION names.

    Raises:
        ValueError: The text has another form, or its revision is beyond 2^53.
    """
    match = _TEXT.fullmatch(text)
    if not match or int(match[2]) > _MAX_REVISION:
        raise ValueError("must be EPOCH:REVISION, the two parts of a position")
    return pb.Position(epoch=match[1], revision=int(match[2]))


def etag(position: pb.Position) -> str:
    """Return the ETag of a response that shows the state at a position.

    It is weak: the same state may be compressed or not.
    """
    return f'W/"{position_text(position)}"'
