"""What a driver's watch told, held against the rules of the contract."""

from collections.abc import Sequence
from typing import Any

from google.protobuf import json_format

from clients.driver import Operation
from harness.watched_board import Row
from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb

_SCOPES = {
    "TOP": pb.WATCH_SCOPE_TOP,
    "ALL": pb.WATCH_SCOPE_ALL,
    "USERS": pb.WATCH_SCOPE_USERS,
}


class Watched:
    """One watch of a driver, across all the streams it resumes."""

    def __init__(self, operation: Operation, arguments: dict[str, Any]) -> None:
        self.operation = operation
        self.scope = _SCOPES[arguments.get("scope", "TOP")]
        self.limit = int(arguments.get("limit", 10))
        self.user_ids: Sequence[str] = arguments.get("user_ids", ())
        self.position: pb.Position | None = None
        """Of the last message that was checked."""
        self._checker = WatchChecker(scope=self.scope, limit=self.limit, user_ids=self.user_ids)
        self._checked = 0
        self._streaming = False

    @property
    def reasons(self) -> dict[str, int]:
        """How many snapshots came, by reason."""
        return dict(self._checker.reasons)

    def check(self) -> None:
        """Check all that was told since the last time.

        Raises:
            AssertionError: A message breaks a rule, or the client's board is not what they tell.
        """
        for update in self.operation.updates[self._checked :]:
            self._checked += 1
            if update["message"] is None:
                self._streaming = self._streaming and update["state"] == "LIVE"
                continue
            self._take(update)

    def _take(self, update: dict[str, Any]) -> None:
        message = json_format.ParseDict(update["message"], pb.WatchContestResponse())
        if not self._streaming:
            self._checker.begin(self.position)
        self._checker.feed(message)
        self._streaming = not message.HasField("end")
        self.position = message.position
        rows = [[row.user_id, row.score] for row in self._checker.rows]
        shown = [row[:2] for row in update["rows"]]
        if self.scope != pb.WATCH_SCOPE_TOP:  # the others have no order of ranks
            rows, shown = sorted(rows), sorted(shown)
        assert shown == rows, f"the client shows {shown}, it was told {rows}"

    def assert_shows(self, board: pb.GetTopUsersResponse) -> None:
        """Hold the watched rows against what the service reads."""
        rows, held = [Row.of(user) for user in board.users], list(self._checker.rows)
        if self.scope == pb.WATCH_SCOPE_TOP:
            rows = rows[: self.limit]
        else:
            chosen = set(self.user_ids) or {row.user_id for row in rows}
            rows, held = sorted(row for row in rows if row.user_id in chosen), sorted(held)
        assert held == rows, f"watched {held}, read {rows}"
