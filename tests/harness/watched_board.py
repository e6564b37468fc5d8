"""The board of a watcher, built by the rules of the contract for each scope."""

from collections.abc import Iterable
from typing import NamedTuple, Self

from leaderboard.v1 import leaderboard_pb2 as pb


class Row(NamedTuple):
    """A user's row on the board of a watcher; its rank is its index."""

    user_id: str
    score: int
    display_name: str

    @classmethod
    def of(cls, user: pb.RankedUser) -> Self:
        """Convert the row of a message."""
        return cls(user.user_id, user.score, user.display_name)


class WatchedBoard:
    """
    The rows of one watcher.

    With the scope TOP they are the first ranks up to the limit. With the scope ALL they are the
    whole board if the last snapshot had all users (so watch with a large enough limit); otherwise
    only the scores of the users in changes are known. With the scope USERS they are the watched
    users as of their own changes, in no order of ranks.
    """

    def __init__(self, *, scope: pb.WatchScope, limit: int, user_ids: frozenset[str]) -> None:
        self._scope = scope
        self._limit = limit or 10
        self._user_ids = user_ids
        self._rows: list[Row] = []
        self._known = False
        self._whole = False

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows, best first where the scope gives them an order."""
        return tuple(self._rows)

    def forget(self) -> None:
        """Drop all rows until the next snapshot."""
        self._known = False
        self._rows = []

    def replace(self, snapshot: pb.Snapshot, position: pb.Position) -> None:
        """
        Replace all rows by a snapshot.

        Raises:
            AssertionError: Its rows contradict themselves or the request.
        """
        ranks = [user.rank for user in snapshot.users]
        total = snapshot.total_users
        if self._scope == pb.WATCH_SCOPE_USERS:
            strangers = {user.user_id for user in snapshot.users} - self._user_ids
            assert not strangers, f"a snapshot with unwatched users {strangers}"
            assert ranks == sorted(set(ranks)), f"ranks {ranks}"
            assert not ranks or 1 <= ranks[0] <= ranks[-1] <= total, f"ranks {ranks} of {total}"
        else:
            due = list(range(1, min(self._limit, total) + 1))
            assert ranks == due, f"a snapshot with the ranks {ranks} of {total} users"
        assert position.revision or not total, f"{total} users before the first change"
        self._rows = [Row.of(user) for user in snapshot.users]
        self._known = True
        self._whole = self._scope != pb.WATCH_SCOPE_USERS and len(self._rows) == total
        self._check_order()

    def apply(self, changes: Iterable[pb.ScoreChange]) -> None:
        """
        Apply the changes of one message in order.

        Raises:
            AssertionError: A change contradicts the known rows.
        """
        if not self._known:
            return
        size = len(self._rows)
        for change in changes:
            self._apply(change)
        self._check_order()
        assert len(self._rows) >= size, "fewer rows than before, and no user ever leaves"

    def _apply(self, change: pb.ScoreChange) -> None:
        user = change.user
        place = next((i for i, row in enumerate(self._rows) if row.user_id == user.user_id), None)
        if place is not None:
            due = self._rows[place].score + change.points
            assert user.score == due, f"{user.user_id} has {user.score}, changes lead to {due}"
            del self._rows[place]
        if self._scope == pb.WATCH_SCOPE_TOP:
            self._place_within_limit(change, known=place is not None)
        elif self._scope == pb.WATCH_SCOPE_ALL and self._whole:
            self._place_exactly(change, 0 if place is None else place + 1)
        else:
            watched = self._scope == pb.WATCH_SCOPE_ALL or user.user_id in self._user_ids
            assert watched, f"a change of {user.user_id}, which is not watched"
            self._rows.append(Row.of(user))

    def _place_within_limit(self, change: pb.ScoreChange, *, known: bool) -> None:
        user = change.user
        assert user.rank >= 1, f"rank {user.rank}"
        assert known or user.rank <= self._limit, (
            f"{user.user_id} at rank {user.rank} touches none of the first {self._limit} ranks"
        )
        if user.rank <= self._limit:
            self._insert(user)
            del self._rows[self._limit :]

    def _place_exactly(self, change: pb.ScoreChange, known_rank: int) -> None:
        user = change.user
        assert change.previous_rank == known_rank, (
            f"{user.user_id} had rank {known_rank}, not {change.previous_rank}"
        )
        assert known_rank or change.points == user.score, f"{user.user_id} began with no score"
        self._insert(user)

    def _insert(self, user: pb.RankedUser) -> None:
        assert 1 <= user.rank <= len(self._rows) + 1, (
            f"{user.user_id} at rank {user.rank} below {len(self._rows)} rows leaves a gap"
        )
        self._rows.insert(user.rank - 1, Row.of(user))

    def _check_order(self) -> None:
        if self._scope == pb.WATCH_SCOPE_TOP or self._whole:
            scores = [row.score for row in self._rows]
            assert scores == sorted(scores, reverse=True), f"not best first: {self._rows}"
        users = [row.user_id for row in self._rows]
        assert len(users) == len(set(users)), f"a user twice: {users}"
