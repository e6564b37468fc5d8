"""Brings a reader that is behind up to date with one message."""

from collections.abc import Sequence
from dataclasses import dataclass

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import SnapshotReason, reason_of_new_epoch
from leaderboard_web.watch.board import Board
from leaderboard_web.watch.history import Entry
from leaderboard_web.watch.merge import merged_changes
from leaderboard_web.watch.messages import encoded, message_frame, progress_frame

MERGED_PER_ROW = 4
MIN_MERGED = 40
MAX_MERGED = 1_000
"""Changes that are merged into one message, for each watched row, at least and at most: with more a
snapshot is shorter, or cheaper to make."""

_LASTING_REASONS = {SnapshotReason.CONTEST_UPDATED, SnapshotReason.HISTORY_TRIMMED}
"""Reasons of skipped snapshots that say more than that the reader was behind."""


@dataclass(slots=True, kw_only=True)
class CatchUp:
    """The one message."""

    frame: bytes
    reason: SnapshotReason | None = None
    """That of a snapshot."""
    merged: bool = False
    """Whether it replaces several messages with changes."""


def catch_up(
    board: Board, skipped: Sequence[Entry] | None, before: Position, limit: int, *, resumes: bool
) -> CatchUp:
    """Return the message that leads from an earlier position to a board.

    Args:
        board: The board.

        skipped: All entries between the two; None if some of them are not kept any more.

        before: The position that the reader has.

        limit: The number of watched rows.

        resumes: Whether it has that position from another connection.
    """
    reasons = [entry.reason for entry in skipped or () if entry.reason]
    changed = [entry for entry in skipped or () if entry.changes]
    count = sum(len(entry.changes) for entry in changed)
    if skipped is None or reasons or count > _most_merged(limit):
        default = SnapshotReason.HISTORY_TRIMMED if resumes else SnapshotReason.LAGGED
        reason = _reason(before, board.position, reasons[-1] if reasons else default, default)
        return CatchUp(frame=board.snapshot(reason, before.revision), reason=reason)
    if len(changed) == 1 and changed[0].before == before:
        return CatchUp(frame=changed[0].frame)
    return _merge(board, changed, before, limit)


def _most_merged(limit: int) -> int:
    """Return how many changes are merged for readers of a limit."""
    return min(max(MERGED_PER_ROW * limit, MIN_MERGED), MAX_MERGED)


def _reason(
    before: Position, now: Position, skipped: SnapshotReason, default: SnapshotReason
) -> SnapshotReason:
    """Return the reason for a snapshot to a reader that has an earlier position.

    Args:
        before: That position.

        now: The position of the snapshot.

        skipped: The reason of the latest snapshot of the service in between.

        default: The reason if that one does not hold for this reader.
    """
    if before.epoch and before.epoch != now.epoch:
        return reason_of_new_epoch(before, now)
    if before.epoch == now.epoch and now.revision < before.revision:
        return SnapshotReason.AHEAD
    return skipped if skipped in _LASTING_REASONS else default


def _merge(board: Board, changed: Sequence[Entry], before: Position, limit: int) -> CatchUp:
    changes = merged_changes(
        changed[0].rows_before,
        board.rows,
        (change for entry in changed for change in entry.changes),
        limit,
        shared_ranks=board.shares_ranks,
    )
    if not changes:
        return CatchUp(frame=progress_frame(board.position, before.revision), merged=True)
    message = pb.WatchContestResponse(
        position=encoded(board.position),
        previous_revision=before.revision,
        changes=pb.Changes(changes=changes, total_users=board.total_users),
    )
    return CatchUp(frame=message_frame(message), merged=len(changed) > 1)
