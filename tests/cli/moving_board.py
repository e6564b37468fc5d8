"""A board that changes while it is exported: its pages and its watch, at chosen moments."""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import strategies as st

from harness import strategies
from harness.plain_board import PlainBoard, Step
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.export.change_reader import ChangeReader
from leaderboard_client.watch_update import WatchState, WatchUpdate
from leaderboard_server.domain.board import Page
from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.rules import Rules
from leaderboard_server.domain.watch import (
    Changes,
    Progress,
    Snapshot,
    SnapshotReason,
    WatchMessage,
)
from leaderboard_server.transport import responses

_ALL = 1_000
_commits = st.lists(
    st.lists(
        strategies.steps | strategies.departures | strategies.departures, min_size=1, max_size=5
    ),
    max_size=4,
)


class MovingBoard:
    """A source of an export whose board moves on with every page that is read.

    A page is of any commit from the requested position on. The watch is behind it, and sends some
    commits in each message.
    """

    def __init__(self, data: st.DataObject, rules: Rules, start: list[list[Step]]) -> None:
        """Begin.

        Args:
            data: Chooses what happens.

            rules: The rules of the contest.

            start: The commits before the export.
        """
        self._draw = data.draw
        self._board = PlainBoard(Rules(rules.order, rules.tie_break, rules.rank_style))
        self.states: list[Page] = []
        """The board after each commit."""
        self._commits: list[Commit] = []
        self._sent = Position("", 0)
        self.resets = 0
        """How often the watch began again."""
        for each in start:
            self._commit(each)

    def get_top_users(self, request: pb.GetTopUsersRequest) -> pb.GetTopUsersResponse:
        """Return rows of a state that the request allows, after more commits."""
        self._go_on()
        allowed = [
            state
            for state in self.states
            if state.position.revision >= request.min_position.revision
        ]
        state = self._draw(st.sampled_from(allowed))
        first = request.start_rank - 1
        page = replace(state, users=state.users[first : first + request.limit])
        return pb.GetTopUsersResponse.FromString(responses.page(page))

    def begin_watch(self, contest_id: str) -> ChangeReader:
        """Return a watch."""
        return ChangeReader(contest_id, self._updates(), patience=60.0)

    def _updates(self) -> Iterator[WatchUpdate]:
        self._sent = Position("", 0)
        reason: SnapshotReason | None = SnapshotReason.INITIAL
        while True:
            self._go_on()
            message = self._next_message(reason)
            self._sent = message.position
            yield WatchUpdate(
                state=WatchState.LIVE,
                since=0.0,
                message=pb.WatchContestResponse.FromString(responses.watch_message(message)),
            )
            lags = self.resets < 2 and self._draw(st.integers(0, 9)) == 9
            reason = SnapshotReason.LAGGED if lags else None
            self.resets += lags

    def _next_message(self, reason: SnapshotReason | None) -> WatchMessage:
        """Return a snapshot if there is a reason, else the changes of some commits."""
        if reason:
            page = self.states[-1]
            snapshot = Snapshot(page.users[:1], page.total_users, reason, page.rules)
            return WatchMessage(page.position, self._sent.revision, snapshot)
        unsent = [each for each in self._commits if each.revision > self._sent.revision]
        together = unsent[: self._draw(st.integers(1, 3))]
        changes = tuple(change for commit in together for change in commit.changes)
        position = together[-1].position if together else self._sent
        event = Changes(changes, together[-1].total_users) if changes else Progress()
        return WatchMessage(position, self._sent.revision, event)

    def _go_on(self) -> None:
        for each in self._draw(_commits):
            self._commit(each)

    def _commit(self, steps: list[Step]) -> None:
        commit = self._board.commit(steps)
        if commit.size:
            self._commits.append(commit)
            self.states.append(self._board.page(_ALL))
