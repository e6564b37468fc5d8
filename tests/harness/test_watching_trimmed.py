"""The checker of watches, with a stream that resumes at the beginning of a contest."""

import pytest

from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb


def _snapshot(position: pb.Position, reason: pb.SnapshotReason) -> pb.WatchContestResponse:
    """Return a snapshot with one user, or none before the first change."""
    users = [pb.RankedUser(user_id="ada", score=9, rank=1, place=1)] if position.revision else []
    return pb.WatchContestResponse(
        position=position,
        snapshot=pb.Snapshot(
            users=users,
            total_users=len(users),
            reason=reason,
            rules=pb.ContestRules(rank_style=pb.RANK_STYLE_ORDINAL),
            season=1 if position.epoch else 0,
        ),
    )


def _before_the_beginning() -> WatchChecker:
    """Return a checker of a watcher from before the first change that resumes."""
    checker = WatchChecker()
    checker.begin()
    checker.feed(_snapshot(pb.Position(), pb.SNAPSHOT_REASON_INITIAL))
    checker.begin(checker.position)
    return checker


def test_a_history_trimmed_since_the_beginning_is_legal() -> None:
    """There was no epoch before, so the first one is not another history."""
    checker = _before_the_beginning()
    checker.feed(_snapshot(pb.Position(epoch="e", revision=9), pb.SNAPSHOT_REASON_HISTORY_TRIMMED))
    assert [row.score for row in checker.rows] == [9]


def test_a_new_epoch_is_rejected() -> None:
    """A snapshot with NEW_EPOCH is wrong, because no history was lost."""
    checker = _before_the_beginning()
    with pytest.raises(AssertionError, match="NEW_EPOCH with the epochs '' before"):
        checker.feed(_snapshot(pb.Position(epoch="e", revision=9), pb.SNAPSHOT_REASON_NEW_EPOCH))
