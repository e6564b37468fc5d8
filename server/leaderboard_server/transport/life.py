"""Checks, decodes and encodes the times of a contest, and its state."""

from collections.abc import Iterator

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from leaderboard.v1 import contests_pb2 as pb
from leaderboard_server.domain import fields
from leaderboard_server.domain.contest import Contest
from leaderboard_server.domain.life import ContestState, Life
from leaderboard_server.transport.requests import timestamp_problem
from leaderboard_server.transport.violations import Problem

_MIN_EXPIRY_MS, _MAX_EXPIRY_MS = 1_000, 3_155_760_000_000
"""1 s, and 100 years of 365.25 days."""
_MS_NS = 1_000_000
_MAX_NANOS = 999_999_999
_STATES = {
    ContestState.SCHEDULED: pb.CONTEST_STATE_SCHEDULED,
    ContestState.OPEN: pb.CONTEST_STATE_OPEN,
    ContestState.CLOSED: pb.CONTEST_STATE_CLOSED,
}


def life_problems(path: str, contest: pb.Contest) -> Iterator[Problem]:
    """Check the times that are set, one by one."""
    for name in ("starts_at", "ends_at"):
        if contest.HasField(name):
            yield f"{path}.{name}", timestamp_problem(getattr(contest, name))
    if contest.HasField("expire_after"):
        yield f"{path}.expire_after", _expiry_problem(contest.expire_after)


def checked_life(contest: pb.Contest) -> Life:
    """Return the times of a checked contest; parts of a millisecond are cut off."""
    starts, ends, expiry = (
        _milliseconds(getattr(contest, name)) if contest.HasField(name) else None
        for name in ("starts_at", "ends_at", "expire_after")
    )
    return Life(starts, ends, expiry)


def put_life(target: pb.Contest, contest: Contest) -> None:
    """Fill in the times that are set, and the state."""
    life = contest.settings.life
    times: tuple[Timestamp | Duration, ...] = (
        *(target.starts_at, target.ends_at),
        target.expire_after,
    )
    for time, value_ms in zip(times, life, strict=True):
        if value_ms is not None:
            put_time(time, value_ms)
    target.state = _STATES[contest.state]


def put_time(target: Timestamp | Duration, value_ms: int) -> None:
    """Fill in a time."""
    target.seconds, target.nanos = value_ms // 1_000, value_ms % 1_000 * _MS_NS
    target.SetInParent()


def _milliseconds(time: Timestamp | Duration) -> int:
    return time.seconds * 1_000 + time.nanos // _MS_NS


def _expiry_problem(expiry: Duration) -> str | None:
    valid_nanos = fields.within(expiry.nanos, 0, _MAX_NANOS) is None
    within = _MIN_EXPIRY_MS <= _milliseconds(expiry) <= _MAX_EXPIRY_MS
    return None if valid_nanos and within else "must be from 1 s to 100 years of 365.25 days"
