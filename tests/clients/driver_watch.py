"""Checks the updates of a driver's watch against the rules of the contract."""

from collections.abc import Iterator, Sequence
from typing import Any

from google.protobuf import json_format

from clients.driver import Answer
from harness.watched_board import RankedRow, Row
from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb

_SCOPES = {
    "TOP": pb.WATCH_SCOPE_TOP,
    "ALL": pb.WATCH_SCOPE_ALL,
    "USERS": pb.WATCH_SCOPE_USERS,
}


_FINAL_STATES = {
    pb.END_REASON_CONTEST_OVER: "OVER",
    pb.END_REASON_CONTEST_DELETED: "DELETED",
}
"""The states after the ends of a stream that no other one follows."""


class BrokenWatchError(Exception):
    """A watch broke a rule. No AssertionError, because `eventually` would wait for it to pass."""


class DriverWatch:
    """One watch of a driver, across all the streams it resumes.

    With the scope ALL its limit has to suffice for the whole board.
    """

    def __init__(
        self, updates: Sequence[Answer], arguments: dict[str, Any], *, hidden_users: bool = False
    ) -> None:
        """Check a watch; writes of `hidden_users` are seen by none."""
        self._updates = updates
        """The updates of the driver, oldest first; the list grows."""
        self._scope = _SCOPES[arguments.get("scope", "TOP")]
        self._limit = int(arguments.get("limit", 10))
        self._user_ids: Sequence[str] = arguments.get("user_ids", ())
        self._checker = WatchChecker(
            scope=self._scope, limit=self._limit, user_ids=self._user_ids, hidden_users=hidden_users
        )
        self._sign = -1
        """That of a score where the better one is the less."""
        self._checked = 0
        self._streaming = False
        self._ended = False
        self._due: Answer = {"rows": [], "total_users": None, "position": None, "season": None}
        """The board that the next update has to show."""

    @property
    def reasons(self) -> dict[str, int]:
        """How many snapshots came, by reason."""
        return dict(self._checker.reasons)

    @property
    def last(self) -> Answer:
        """The last update, once all were checked."""
        self.check()
        assert self._checked, "there is no update"
        return self._updates[self._checked - 1]

    def check(self) -> None:
        """Check all updates since the last time.

        Raises:
            BrokenWatchError: A message breaks a rule, or an update does not match the messages and
                the state of the streams.
        """
        while self._checked < len(self._updates):
            update = self._updates[self._checked]
            try:
                self._take(update)
            except (AssertionError, KeyError, json_format.ParseError) as error:
                story = f"update {self._checked} of a watch, {update}: {error!r}"
                raise BrokenWatchError(story) from error
            self._checked += 1

    def assert_shows(self, board: pb.GetTopUsersResponse, state: str = "LIVE") -> None:
        """Compare the watch, which has to be in a state, with a read of the service.

        Raises:
            AssertionError: It does not show that (yet).
        """
        assert self.last["state"] == state, f"it is {self.last['state']}"
        assert self._checker.position == board.position
        if self._scope == pb.WATCH_SCOPE_USERS:
            # Their places and ranks are those of their own last changes.
            watched = [user for user in board.users if user.user_id in self._user_ids]
            held, rows = sorted(self._checker.rows), sorted(map(Row.of, watched))
            assert held == rows, f"watched {held}, read {rows}"
        else:
            first = board.users[: self._limit] if self._scope == pb.WATCH_SCOPE_TOP else board.users
            shown, read = list(self._checker.ranked), list(map(RankedRow.of, first))
            assert shown == read, f"watched {shown}, read {read}"

    def _take(self, update: Answer) -> None:
        if update["message"] is None:
            due = self._without_stream()
        else:
            message = json_format.ParseDict(update["message"], pb.WatchContestResponse())
            due = self._after(message)
        trouble = update["trouble"]
        shown = {
            **update,
            "changes": [
                json_format.ParseDict(each, pb.ScoreChange()) for each in update["changes"]
            ],
            "trouble": bool(trouble and trouble["message"]),
        }
        for name, value in {**self._due, **due}.items():
            assert shown[name] == value, f"{name} is {shown[name]!r}, not {value!r}"
        assert bool(trouble) == due["trouble"], f"its trouble is {trouble}"

    def _without_stream(self) -> Answer:
        """Return the fields of an update without a message: there is no stream."""
        assert not self._ended, "another stream after the end of the contest"
        self._streaming = False
        return {
            "state": "RECONNECTING" if self._due["position"] else "CONNECTING",
            "changes": [],
            "snapshot_reason": None,
            "trouble": self._checked > 0,
        }

    def _after(self, message: pb.WatchContestResponse) -> Answer:
        """Apply a message, and return the fields of its update beside the board."""
        assert not self._ended, "a message after the end of the contest"
        if not self._streaming:
            self._checker.begin(self._checker.position if self._due["position"] else None)
        held = {row.user_id for row in self._checker.rows}
        self._checker.feed(message)
        self._streaming = not message.HasField("end")
        self._due = self._board(message)
        reason = pb.SnapshotReason.Name(message.snapshot.reason)
        final = _FINAL_STATES.get(message.end.reason)
        self._ended = final is not None
        return {
            "state": final or ("LIVE" if self._streaming else "RECONNECTING"),
            "changes": list(_new_changes(message, held)),
            "snapshot_reason": reason if message.HasField("snapshot") else None,
            "trouble": not self._streaming and not self._ended,
        }

    def _board(self, message: pb.WatchContestResponse) -> Answer:
        held = list(self._checker.ranked)
        if self._scope == pb.WATCH_SCOPE_USERS:
            # They are held in the order of their last changes; of one place the last is first.
            held.reverse()
            if message.HasField("snapshot"):
                lowest_first = message.snapshot.rules.order == pb.ORDER_LOWEST_FIRST
                self._sign = 1 if lowest_first else -1
            held.sort(key=lambda row: (self._sign * row.score, row.place))
        rows = [[row.user_id, row.score, row.rank, row.display_name, row.place] for row in held]
        now = message.position
        position = {"epoch": now.epoch, "revision": now.revision}
        return {
            "rows": rows,
            "total_users": self._total(message, len(rows), moved=position != self._due["position"]),
            "position": position,
            "season": self._checker.seasons.current,
        }

    def _total(self, message: pb.WatchContestResponse, rows: int, *, moved: bool) -> int | None:
        """Return the number of users of the contest, as far as the watch can know."""
        if message.HasField("snapshot"):
            return message.snapshot.total_users
        if message.HasField("changes"):
            return message.changes.total_users
        if not moved:
            known: int | None = self._due["total_users"]
            return known
        fewer = self._scope == pb.WATCH_SCOPE_TOP and rows < self._limit
        return rows if fewer or self._scope == pb.WATCH_SCOPE_ALL else None


def _new_changes(message: pb.WatchContestResponse, held: set[str]) -> Iterator[pb.ScoreChange]:
    """Yield the changes of a board that held some users.

    A resumed stream of the scope TOP repeats rows that did not change, and removes rows that left
    the board before.
    """
    for each in message.changes.changes:
        if each.previous_place or (each.user.user_id in held) == each.removed:
            yield each
        if each.removed:
            held.discard(each.user.user_id)
