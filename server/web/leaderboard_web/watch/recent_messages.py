"""Recent messages of a group's watch, and what each of its readers is sent next.

Each message is encoded once for all readers. A reader that is behind is sent several messages
merged into one, or one snapshot of the current board. Its next message always names the revision of
the message that it was sent before.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.watch_update import WatchUpdate
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.watch import SnapshotReason, reason_of_new_epoch
from leaderboard_web.watch.board import Board
from leaderboard_web.watch.catch_up import CatchUp, catch_up
from leaderboard_web.watch.history import Entry, History
from leaderboard_web.watch.instruments import WatchInstruments
from leaderboard_web.watch.messages import decoded, message_frame, progress_frame

MAX_MESSAGES = 64
"""Messages that are kept: 16 s of a contest that changes all the time, at one message in 250 ms."""
MAX_BYTES = 2 * 2**20
"""The memory that they may take, by estimate."""
MAX_AGE_S = 30.0
"""How long they are kept, until the next message after that, which comes within 18 s: they may name
users that were erased meanwhile."""


@dataclass(slots=True)
class Cursor:
    """What a reader was sent last."""

    next: int
    """The number of the message that it is sent next."""

    position: Position
    """The position of the last message."""


class Start(NamedTuple):
    """How a reader begins."""

    cursor: Cursor
    frame: bytes | None
    """Its first message. None if there is none yet."""


class RecentMessages:
    """The latest messages of one watch, and the board that they led to."""

    def __init__(
        self,
        limit: int,
        instruments: WatchInstruments,
        *,
        max_messages: int = MAX_MESSAGES,
        max_bytes: int = MAX_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep messages of a watch of the first `limit` rows."""
        self._limit = limit
        self._instruments = instruments
        self._clock = clock
        self._history = History(max_messages, max_bytes, MAX_AGE_S)
        self._board: Board | None = None
        self._position = BEGINNING
        """The position of the latest message but `end`."""
        self._ended = False
        self._catch_ups: dict[tuple[int, bool], CatchUp] = {}
        """What readers are sent that are behind, by their cursors; until the next message."""

    @property
    def begun(self) -> bool:
        """Whether there has been a message."""
        return self._history.next > 0

    def is_over_for(self, cursor: Cursor) -> bool:
        """Return whether a reader was sent the last message, and the contest is over or deleted."""
        return self._ended and cursor.next == self._history.next

    def push(self, update: WatchUpdate) -> None:
        """Add the message of an update. If the server drains, that only moves the position."""
        message = update.message
        assert message
        self._catch_ups.clear()
        before, now = self._position, decoded(message.position)
        entry = Entry(before=before, position=now, at=self._clock())
        kind = message.WhichOneof("event")
        if kind == "snapshot":
            name = pb.SnapshotReason.Name(message.snapshot.reason)
            entry.reason = SnapshotReason[name.removeprefix("SNAPSHOT_REASON_")]
            self._board = self._board_after(update, now, message.snapshot.rules)
        elif kind == "changes":
            assert self._board
            entry.changes, entry.rows_before = message.changes.changes, self._board.rows
            entry.frame = _frame_after(before, message)
            self._board = self._board_after(update, now, self._board.rules)
        elif kind == "end" and message.end.reason == pb.END_REASON_DRAINING:
            if now == before:
                return
            entry.frame = progress_frame(now, before.revision)
        else:
            entry.frame = _frame_after(before, message)
        self._history.append(entry)
        self._ended = kind == "end" and message.end.reason != pb.END_REASON_DRAINING
        if not self._ended:
            self._position = now

    def start(self, reason: SnapshotReason = SnapshotReason.INITIAL) -> Start:
        """Return how a reader without a position begins: with a snapshot, if there is a board."""
        board = self._board
        if board is None:
            cursor = Cursor(self._history.next - 1, BEGINNING)
            return Start(cursor, self.take(cursor))  # which is the last one
        self._instruments.snapshots[reason].add()
        return Start(Cursor(board.number + 1, board.position), board.first_snapshot(reason))

    def resume(self, after: Position, *, may_wait: bool) -> Start | None:
        """Return how a reader with a position begins; None if that is later than this watch's.

        Args:
            after: The position.

            may_wait: Whether to wait in that case; if not, it begins with a snapshot.
        """
        board, now = self._board, self._position
        if board is None:
            return self.start()
        if after in (board.position, now):
            cursor = Cursor(self._history.next - self._ended, now)
            return Start(cursor, progress_frame(now, after.revision))
        # At any other revision the rows may have been different ones: a message can span several
        # changes that cancel each other out, and another gateway may have had those in between.
        number = self._history.number_after(after)
        if number is not None:
            cursor = Cursor(number, after)
            return Start(cursor, self.take(cursor, resumes=True))
        same_epoch = after.epoch == now.epoch
        is_later = same_epoch and after.revision > now.revision
        if may_wait and (is_later or after.season > now.season):
            return None
        ahead = same_epoch and not board.position.reaches(after)
        reason = SnapshotReason.AHEAD if ahead else SnapshotReason.HISTORY_TRIMMED
        if after.epoch and not same_epoch:
            reason = reason_of_new_epoch(after, now)
        return self.start(reason)

    def take(self, cursor: Cursor, *, resumes: bool = False) -> bytes | None:
        """Return the next message of a reader, and move its cursor; None if it has all.

        Args:
            cursor: The cursor.

            resumes: Whether it is at a position that the reader has from another connection.
        """
        history, board = self._history, self._board
        if cursor.next == history.next:
            return None
        latest = history.latest
        if cursor.next == history.next - 1 and latest.frame:
            cursor.next += 1
            cursor.position = latest.position
            return latest.frame
        if board and cursor.next <= board.number:
            frame = self._catch_up(cursor, board, resumes=resumes)
            cursor.next, cursor.position = board.number + 1, board.position
        else:  # of several messages without changes only the last one counts
            frame = progress_frame(self._position, cursor.position.revision)
            cursor.next, cursor.position = history.next - self._ended, self._position
        return frame

    def _catch_up(self, cursor: Cursor, board: Board, *, resumes: bool) -> bytes:
        """Return the message that leads a reader to the board, and count it."""
        key = cursor.next, resumes
        found = self._catch_ups.get(key)
        if found is None:
            is_kept = cursor.next >= self._history.first
            skipped = self._history.between(cursor.next, board.number + 1) if is_kept else None
            found = catch_up(board, skipped, cursor.position, self._limit, resumes=resumes)
            self._catch_ups[key] = found
        if found.reason:
            self._instruments.snapshots[found.reason].add()
        self._instruments.merged.add(found.merged)
        return found.frame

    def _board_after(self, update: WatchUpdate, now: Position, rules: pb.ContestRules) -> Board:
        """Return the board of the next message."""
        assert update.total_users is not None
        return Board(
            number=self._history.next,
            position=now,
            rows=update.rows,
            total_users=update.total_users,
            season=update.season or 0,
            rules=rules,
        )


def _frame_after(before: Position, message: pb.WatchContestResponse) -> bytes:
    """Return the frame of a message, which follows a position."""
    if message.previous_revision != before.revision:
        renamed = pb.WatchContestResponse()
        renamed.CopyFrom(message)
        renamed.previous_revision = before.revision
        message = renamed
    return message_frame(message)
