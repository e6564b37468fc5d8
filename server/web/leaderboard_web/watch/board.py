"""The board of a group at one position, and the snapshots that show it."""

from dataclasses import dataclass, field

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.results import RankedUser
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_web.json_messages import encode
from leaderboard_web.watch.messages import encoded, following, text_frame


@dataclass(slots=True, kw_only=True)
class Board:
    """The rows after one message, which changed or replaced them."""

    number: int
    """The sequence number of that message."""

    position: Position
    rows: tuple[RankedUser, ...]
    total_users: int
    season: int
    rules: pb.ContestRules
    _first_messages: dict[SnapshotReason, bytes] = field(default_factory=dict)
    """The snapshots with which a watch begins, as JSON."""
    _first_frames: dict[SnapshotReason, bytes] = field(default_factory=dict)

    @property
    def shares_ranks(self) -> bool:
        """Whether equal scores share a rank."""
        shared = (pb.RANK_STYLE_COMPETITION, pb.RANK_STYLE_DENSE)
        return self.rules.rank_style in shared

    def first_snapshot(self, reason: SnapshotReason) -> bytes:
        """Return the frame of a snapshot with which a watch begins."""
        frame = self._first_frames.get(reason)
        if frame is None:
            frame = self._first_frames[reason] = text_frame(self._first_message(reason))
        return frame

    def snapshot(self, reason: SnapshotReason, previous_revision: int) -> bytes:
        """Return the frame of a snapshot that follows another message."""
        return text_frame(following(self._first_message(reason), previous_revision))

    def _first_message(self, reason: SnapshotReason) -> bytes:
        message = self._first_messages.get(reason)
        if message is None:
            message = self._first_messages[reason] = encode(self._message(reason))
        return message

    def _message(self, reason: SnapshotReason) -> pb.WatchContestResponse:
        snapshot = pb.Snapshot(
            users=(
                pb.RankedUser(
                    user_id=row.user_id,
                    score=row.score,
                    rank=row.rank,
                    display_name=row.display_name,
                    place=row.place,
                    attributes=row.attributes,
                )
                for row in self.rows
            ),
            total_users=self.total_users,
            reason=f"SNAPSHOT_REASON_{reason.name}",
            rules=self.rules,
            season=self.season,
        )
        return pb.WatchContestResponse(position=encoded(self.position), snapshot=snapshot)
