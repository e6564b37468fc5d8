"""A watch of the service in plain Python: a board, and the updates that a client makes of it."""

import json

from google.protobuf import json_format

from harness.plain_board import PlainBoard, Step
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.errors import LeaderboardError
from leaderboard_client.watch_session import WatchSession
from leaderboard_client.watch_update import WatchUpdate
from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.rules import DEFAULT_RULES, Rules, UpdateMode
from leaderboard_server.domain.watch import (
    Changes,
    End,
    EndReason,
    Progress,
    Snapshot,
    SnapshotReason,
    WatchMessage,
)
from leaderboard_server.transport import responses
from watch.plain_merge import plain_merge

SERVICE_LOST: dict[str, dict[str, str]] = {"serviceLost": {}}


class Upstream:
    """
    A contest, and a watch of its first rows.

    Attributes:
        limit: The number of watched rows.
        boards: The first rows at each position that was sent.
    """

    def __init__(self, limit: int = 10, rules: Rules = DEFAULT_RULES) -> None:
        self.limit = limit
        self.boards: dict[Position, pb.GetTopUsersResponse] = {}
        shape = rules.order, rules.tie_break, rules.rank_style
        self._rules = Rules(*shape, UpdateMode.INCREMENT)
        self._board = PlainBoard(self._rules)
        self._epoch = "one"
        self._commits: list[Commit] = []
        self._sent = self._board.page(limit)
        self._session = WatchSession(
            pb.WatchContestRequest(contest_id="contest", limit=limit, scope=pb.WATCH_SCOPE_TOP)
        )
        self._session.begin_stream()

    @property
    def position(self) -> Position:
        """The position of the last message."""
        return self._sent.position

    def commit(self, *steps: Step) -> None:
        """Make a commit, which the next message has."""
        self._commits.append(self._board.commit(list(steps), self._epoch))

    def snapshot(self, reason: SnapshotReason = SnapshotReason.INITIAL) -> WatchUpdate:
        """Return an update with a snapshot of the board."""
        page = self._board.page(self.limit)
        return self._update(Snapshot(page.users, page.total_users, reason, page.rules))

    def changes(self) -> WatchUpdate:
        """Return an update with all changes since the last message, or with none."""
        new = self._board.page(self.limit)
        changes = plain_merge(
            self._sent.users, new.users, self.limit, self._commits, self._rules.rank_style
        )
        return self._update(Changes(changes, new.total_users) if changes else Progress())

    def new_epoch(self, name: str) -> None:
        """Begin another history with an empty board, whose revisions go on rising."""
        revision = self._board.position.revision + 1
        self._epoch = name
        self._board = PlainBoard(self._rules)
        self._board.position = Position(name, revision)

    def update_contest(self) -> WatchUpdate:
        """Return an update with the snapshot after an update of the contest."""
        position = self._board.position
        if not position.epoch:
            return self.changes()
        self._board.position = position._replace(revision=position.revision + 1)
        return self.snapshot(SnapshotReason.CONTEST_UPDATED)

    def end(self, reason: EndReason) -> WatchUpdate:
        """Return the update with the last message of a stream."""
        return self._update(End(reason), keep_commits=reason is EndReason.DRAINING)

    def lose(self, error: LeaderboardError) -> WatchUpdate:
        """Return the update after a stream was lost."""
        return self._session.lose_stream(error)

    def _update(
        self, event: Snapshot | Changes | Progress | End, *, keep_commits: bool = False
    ) -> WatchUpdate:
        now = self._sent.position if keep_commits else self._board.position
        message = WatchMessage(now, self._sent.position.revision, event)
        if not keep_commits:
            self._commits.clear()
            self._sent = self._board.page(self.limit)
            self.boards[now] = self.read()
        return self._session.receive(
            pb.WatchContestResponse.FromString(responses.watch_message(message))
        )

    def read(self) -> pb.GetTopUsersResponse:
        """Return the first rows now, as a read does."""
        return pb.GetTopUsersResponse.FromString(responses.page(self._board.page(self.limit)))


def begun() -> Upstream:
    """Return a contest with two users."""
    upstream = Upstream()
    upstream.commit(Step("ada", 5), Step("bo", 3))
    return upstream


def ahead_of(upstream: Upstream, revisions: int) -> Position:
    """Return a position after the one of a contest."""
    return upstream.position._replace(revision=upstream.position.revision + revisions)


def unframed(frame: bytes) -> bytes:
    """Return the text of a frame of a server."""
    assert frame[0] == 0x81, f"not the whole frame of a text: {frame[:2]!r}"
    extra = {126: 2, 127: 8}.get(frame[1], 0)
    size = int.from_bytes(frame[2 : 2 + extra], "big") if extra else frame[1]
    text = frame[2 + extra :]
    assert len(text) == size, f"a frame of {size} bytes with {len(text)}"
    return text


def parsed(text: bytes | str) -> pb.WatchContestResponse:
    """Return the message of a text."""
    return json_format.ParseDict(json.loads(text), pb.WatchContestResponse())
