"""
Checks the messages of a watch one by one, and rebuilds the board from them.

A correct watch has every change in order, once and without gaps, and a legal reason for each
snapshot that replaces changes.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.watch_log import message_line, position_text
from harness.watched_board import RankedRow, Row, WatchedBoard
from harness.watched_seasons import WatchedSeasons
from leaderboard.v1 import leaderboard_pb2 as pb

_REASONS = {
    pb.SNAPSHOT_REASON_HISTORY_TRIMMED,
    pb.SNAPSHOT_REASON_NEW_EPOCH,
    pb.SNAPSHOT_REASON_NEW_SEASON,
    pb.SNAPSHOT_REASON_CONTEST_UPDATED,
}
_FIRST_REASONS_OF_A_RESUME = _REASONS | {pb.SNAPSHOT_REASON_AHEAD}
_LATER_REASONS = _REASONS | {pb.SNAPSHOT_REASON_LAGGED}


@dataclass(frozen=True)
class State:
    """The state of a watcher after a message."""

    epoch: str
    revision: int
    rows: tuple[Row, ...]


class WatchChecker:
    """
    Checks one watcher across all its streams.

    Call `begin` for every stream, and `feed` with each of its messages. The first broken rule
    raises an AssertionError with the last messages.

    Attributes:
        states: The state of the watcher after every message, oldest first.
        reasons: The number of snapshots by reason.
        seasons: The seasons of the watcher.
        changes: Every received change, in order.
        ended: The reason for the end of the current stream, or None.
    """

    def __init__(
        self,
        *,
        scope: pb.WatchScope = pb.WATCH_SCOPE_TOP,
        limit: int = 10,
        user_ids: Iterable[str] = (),
        hidden_users: bool = False,
    ) -> None:
        """Check a watch; writes of `hidden_users` take revisions without a change."""
        self.states: list[State] = []
        self.reasons: Counter[str] = Counter()
        self.seasons = WatchedSeasons()
        self.changes: list[pb.ScoreChange] = []
        self.ended: pb.EndReason | None = None
        self._scope = scope or pb.WATCH_SCOPE_TOP
        self._hidden_users = hidden_users
        self._board = WatchedBoard(scope=self._scope, limit=limit, user_ids=frozenset(user_ids))
        self._position = pb.Position()
        self._resumed: pb.Position | None = None
        self._first = True
        self._log: list[str] = []

    @property
    def position(self) -> pb.Position:
        """The position to resume after: that of the last message."""
        return self._position

    @property
    def rows(self) -> tuple[Row, ...]:
        """The board of the watcher: within the limit for TOP, else all known rows."""
        return self._board.rows

    @property
    def ranked(self) -> tuple[RankedRow, ...]:
        """The same rows with their places, ranks and attributes."""
        return self._board.ranked

    @property
    def rules(self) -> pb.ContestRules:
        """The rules of the last snapshot."""
        return self._board.rules

    @property
    def known(self) -> bool:
        """Whether the board is known: not before the first snapshot."""
        return self._board.known

    @property
    def begun(self) -> bool:
        """Whether the stream has had a message."""
        return not self._first

    def begin(self, resume_after: pb.Position | None = None) -> None:
        """
        Start a stream.

        Args:
            resume_after: As in the request. With another position than the watcher's own its
                board is unknown until the next snapshot.
        """
        if resume_after is not None and resume_after != self._position:
            self._board.forget()
            self.seasons.forget()
        self._resumed = resume_after
        self._first = True
        self.ended = None
        self._log.append(f"--- stream, resume_after {position_text(resume_after)}")

    def feed(self, message: pb.WatchContestResponse) -> None:
        """
        Check the next message of the stream.

        Raises:
            AssertionError: The message breaks a rule of the contract.
        """
        self._log.append(message_line(message))
        try:
            self._check_previous(message)
            kind = message.WhichOneof("event")
            if kind == "snapshot":
                self._apply_snapshot(message)
            elif kind == "changes":
                self._apply_changes(message)
            elif kind == "progress":
                self._check_quiet(message.position)
            else:
                assert kind == "end", f"a message with {kind}"
                self._apply_end(message)
        except AssertionError as broken:
            shown = "\n".join(self._log[-12:])
            raise AssertionError(f"{broken}\nthe last messages:\n{shown}") from broken
        self._first = False
        self._position = message.position
        self.states.append(State(message.position.epoch, message.position.revision, self.rows))

    def assert_equals(self, answer: pb.GetTopUsersResponse) -> None:
        """
        Compare the board with a read at the same position.

        Args:
            answer: Read with the limit of the watch, or for the scope ALL with one that suffices.

        Raises:
            AssertionError: The positions or the rows differ.
        """
        watched, read = position_text(self._position), position_text(answer.position)
        assert watched == read, f"watched up to {watched}, read at {read}"
        rows = tuple(RankedRow.of(user) for user in answer.users)
        assert self.ranked == rows, f"watched {self.ranked}, read {rows}"

    def assert_whole(self, commits: Sequence[tuple[int, int]]) -> None:
        """
        Check that no message ended in the middle of a commit.

        Args:
            commits: First and last revision of each commit of the present epoch.

        Raises:
            AssertionError: A watcher had a state that the store never had.
        """
        for state in self.states:
            for first, last in commits:
                split = state.epoch == self._position.epoch and first <= state.revision < last
                assert not split, (
                    f"a message up to {state.revision} of the commit {first} to {last}"
                )

    def _check_previous(self, message: pb.WatchContestResponse) -> None:
        assert self.ended is None, "a message after the end"
        kind = message.WhichOneof("event")
        previous = message.previous_revision
        if not self._first:
            due = self._position.revision
            assert previous == due, f"a gap: previous_revision {previous}, last was {due}"
        elif self._resumed is None:
            assert previous == 0, f"previous_revision {previous} in a first message"
            assert kind == "snapshot", f"{kind} in place of the first snapshot"
        else:
            legal = {self._resumed.revision} | ({0} if kind == "snapshot" else set())
            assert previous in legal, f"previous_revision {previous}, resumed after {legal}"

    def _apply_snapshot(self, message: pb.WatchContestResponse) -> None:
        reason = message.snapshot.reason
        name = pb.SnapshotReason.Name(reason)
        before = (self._resumed or pb.Position()) if self._first else self._position
        now = message.position
        if self._first and self._resumed is None:
            assert reason == pb.SNAPSHOT_REASON_INITIAL, f"{name} in a stream from the start"
        else:
            legal = _FIRST_REASONS_OF_A_RESUME if self._first else _LATER_REASONS
            assert reason in legal, f"{name} is no reason here"
            self.seasons.check_snapshot(message.snapshot, before, now)
            same_epoch = before.epoch in {"", now.epoch}
            ahead = same_epoch and now.revision < before.revision
            assert ahead == (reason == pb.SNAPSHOT_REASON_AHEAD), (
                f"{name} from revision {before.revision} to {now.revision}"
            )
        self.seasons.observe_snapshot(message.snapshot, now)
        self._board.replace(message.snapshot, now)
        self.reasons[name.removeprefix("SNAPSHOT_REASON_")] += 1

    def _apply_changes(self, message: pb.WatchContestResponse) -> None:
        self._check_forward(message.position)
        count = len(message.changes.changes)
        covered = message.position.revision - message.previous_revision
        assert count > 0, "changes without a change"
        assert covered > 0, "changes without a new revision"
        if self._scope == pb.WATCH_SCOPE_ALL:
            exact = count == covered or self._hidden_users
            assert exact, f"{count} changes for {covered} revisions"
        if self._scope != pb.WATCH_SCOPE_TOP:
            assert count <= covered, f"{count} changes for {covered} revisions"
        self._board.apply(message.changes)
        self.changes += message.changes.changes

    def _check_quiet(self, now: pb.Position) -> None:
        self._check_forward(now)
        before = self._before()
        if self._scope == pb.WATCH_SCOPE_ALL and not self._hidden_users:
            assert now.revision == before.revision, (
                f"ahead of what was delivered: {now.revision}, delivered {before.revision}"
            )

    def _apply_end(self, message: pb.WatchContestResponse) -> None:
        self._check_quiet(message.position)
        assert message.end.reason != pb.END_REASON_UNSPECIFIED, "an end without a reason"
        self.ended = message.end.reason

    def _check_forward(self, now: pb.Position) -> None:
        before = self._before()
        begins = not before.epoch and before.revision == 0
        assert now.epoch == before.epoch or begins, (
            f"from epoch {before.epoch!r} to {now.epoch!r} without a snapshot"
        )
        assert now.revision >= before.revision, (
            f"backwards from {before.revision} to {now.revision}"
        )
        self.seasons.check_changes(now)

    def _before(self) -> pb.Position:
        return self._resumed if self._first and self._resumed is not None else self._position
