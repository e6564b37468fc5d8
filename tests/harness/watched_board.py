"""The board of a watcher, built by the rules of the contract for each scope."""

from collections.abc import Iterable
from typing import NamedTuple, Self

from leaderboard.v1 import leaderboard_pb2 as pb


class Row(NamedTuple):
    """A user's row on the board of a watcher; its place is its index, and one more."""

    user_id: str
    score: int
    display_name: str

    @classmethod
    def of(cls, user: pb.RankedUser) -> Self:
        """Convert the row of a message."""
        return cls(user.user_id, user.score, user.display_name)


class RankedRow(NamedTuple):
    """A user's row with everything that is shown of it."""

    user_id: str
    score: int
    rank: int
    display_name: str
    place: int
    attributes: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, user: pb.RankedUser) -> Self:
        """Convert the row of a message."""
        attributes = tuple(sorted(user.attributes.items()))
        return cls(user.user_id, user.score, user.rank, user.display_name, user.place, attributes)


def shown_ranks(scores: Iterable[int], style: pb.RankStyle) -> list[int]:
    """Return the ranks of rows, best first, as a watcher derives them from their scores."""
    ranks: list[int] = []
    before: int | None = None
    for place, score in enumerate(scores, start=1):
        rank = place
        if style != pb.RANK_STYLE_ORDINAL and before is not None:
            if score == before:
                rank = ranks[-1]
            elif style == pb.RANK_STYLE_DENSE:
                rank = ranks[-1] + 1
        ranks.append(rank)
        before = score
    return ranks


class WatchedBoard:
    """
    The rows of one watcher.

    With the scope TOP they are the first rows up to the limit. With the scope ALL they are the
    whole board if the last snapshot had all users (so watch with a large enough limit); otherwise
    only the scores of the users in changes are known. With the scope USERS they are the watched
    users as of their own changes, in no order of places.
    """

    def __init__(self, *, scope: pb.WatchScope, limit: int, user_ids: frozenset[str]) -> None:
        self._scope = scope
        self._limit = limit or 10
        self._user_ids = user_ids
        self._rows: list[Row] = []
        self._sent: dict[str, RankedRow] = {}
        """What was last sent of each user."""
        self.rules = pb.ContestRules()
        self._known = False
        self._whole = False

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows, best first where the scope gives them an order."""
        return tuple(self._rows)

    @property
    def ranked(self) -> tuple[RankedRow, ...]:
        """The rows with places and ranks: derived ones, or as sent where there is no order."""
        sent = [self._sent[row.user_id] for row in self._rows]
        if not self._ordered:
            return tuple(sent)
        numbers = enumerate(self._ranks(), start=1)
        return tuple(
            row._replace(place=place, rank=rank)
            for row, (place, rank) in zip(sent, numbers, strict=True)
        )

    @property
    def known(self) -> bool:
        """Whether there was a snapshot."""
        return self._known

    @property
    def _ordered(self) -> bool:
        return self._scope == pb.WATCH_SCOPE_TOP or self._whole

    def _ranks(self) -> list[int]:
        return shown_ranks((row.score for row in self._rows), self.rules.rank_style)

    def _rank(self, index: int) -> int:
        """Return the rank of one row; one that is its place needs no look at the others."""
        ordinal = self.rules.rank_style == pb.RANK_STYLE_ORDINAL
        return index + 1 if ordinal else self._ranks()[index]

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
        places = [user.place for user in snapshot.users]
        total = snapshot.total_users
        if self._scope == pb.WATCH_SCOPE_USERS:
            strangers = {user.user_id for user in snapshot.users} - self._user_ids
            assert not strangers, f"a snapshot with unwatched users {strangers}"
            assert places == sorted(set(places)), f"places {places}"
            assert not places or 1 <= places[0] <= places[-1] <= total, (
                f"places {places} of {total}"
            )
        else:
            due = list(range(1, min(self._limit, total) + 1))
            assert places == due, f"a snapshot with the places {places} of {total} users"
        assert position.revision or not total, f"{total} users before the first change"
        assert snapshot.HasField("rules"), "a snapshot without the rules"
        self.rules = snapshot.rules
        self._rows = [Row.of(user) for user in snapshot.users]
        self._sent = {user.user_id: RankedRow.of(user) for user in snapshot.users}
        self._known = True
        self._whole = self._scope != pb.WATCH_SCOPE_USERS and len(self._rows) == total
        self._check_order()
        if self._scope != pb.WATCH_SCOPE_USERS:
            ranks = [user.rank for user in snapshot.users]
            assert ranks == self._ranks(), f"ranks {ranks}, derived are {self._ranks()}"

    def apply(self, changes: pb.Changes) -> None:
        """
        Apply the changes of one message in order.

        Raises:
            AssertionError: A change contradicts the known rows.
        """
        if not self._known:
            return
        for change in changes.changes:
            self._apply(change)
        self._check_order()
        if self._scope == pb.WATCH_SCOPE_TOP:
            self._check_ranks(changes.changes)
        self._check_size(changes.total_users)

    def _check_size(self, total: int) -> None:
        size = len(self._rows)
        if self._ordered:
            due = total if self._scope == pb.WATCH_SCOPE_ALL else min(self._limit, total)
            assert size == due, f"{size} rows of {total} users"
        else:
            assert size <= total, f"{size} rows of {total} users"

    def _apply(self, change: pb.ScoreChange) -> None:
        user = change.user
        if change.removed:
            self._remove(change)
            return
        assert 1 <= user.rank <= user.place, f"{user.user_id}: rank {user.rank} of {user.place}"
        index = next((i for i, row in enumerate(self._rows) if row.user_id == user.user_id), None)
        before = (0, 0)
        if index is not None:
            assert change.previous_place or not change.points, f"{user.user_id} is there already"
            due = self._rows[index].score + change.points
            assert user.score == due, f"{user.user_id} has {user.score}, changes lead to {due}"
            before = index + 1, self._rank(index)
            del self._rows[index]
        self._sent[user.user_id] = RankedRow.of(user)
        if self._scope == pb.WATCH_SCOPE_TOP:
            self._place_within_limit(user, known=index is not None)
        elif self._scope == pb.WATCH_SCOPE_ALL and self._whole:
            self._place_exactly(change, *before)
        else:
            watched = self._scope == pb.WATCH_SCOPE_ALL or user.user_id in self._user_ids
            assert watched, f"a change of {user.user_id}, which is not watched"
            self._rows.append(Row.of(user))

    def _remove(self, change: pb.ScoreChange) -> None:
        user_id, place = change.user.user_id, change.previous_place
        expected = pb.ScoreChange(
            user=pb.RankedUser(user_id=user_id),
            previous_rank=change.previous_rank,
            previous_place=place,
            removed=True,
        )
        assert change == expected, f"{user_id} was removed, with more than its id: {change}"
        assert 1 <= change.previous_rank <= place, f"{user_id} was removed from no place"
        index = next((i for i, row in enumerate(self._rows) if row.user_id == user_id), None)
        if self._whole and self._scope == pb.WATCH_SCOPE_ALL:
            due = None if index is None else (index + 1, self._rank(index))
            assert due == (place, change.previous_rank), f"{user_id} was at {due}"
        if index is not None:
            del self._rows[index]

    def _place_within_limit(self, user: pb.RankedUser, *, known: bool) -> None:
        assert known or user.place <= self._limit, (
            f"{user.user_id} at place {user.place} touches none of the first {self._limit} rows"
        )
        if user.place <= self._limit:
            self._insert(user)
            del self._rows[self._limit :]

    def _place_exactly(self, change: pb.ScoreChange, place: int, rank: int) -> None:
        user = change.user
        assert (change.previous_place, change.previous_rank) == (place, rank), (
            f"{user.user_id} had place {place} and rank {rank},"
            f" not {change.previous_place} and {change.previous_rank}"
        )
        returns = not change.points  # as after it was hidden
        assert place or returns or change.points == user.score, (
            f"{user.user_id} began with no score"
        )
        self._insert(user)
        rank = self._rank(user.place - 1)
        assert user.rank == rank, f"{user.user_id} has rank {user.rank}, derived is {rank}"

    def _insert(self, user: pb.RankedUser) -> None:
        assert 1 <= user.place <= len(self._rows) + 1, (
            f"{user.user_id} at place {user.place} below {len(self._rows)} rows leaves a gap"
        )
        self._rows.insert(user.place - 1, Row.of(user))

    def _check_ranks(self, changes: Iterable[pb.ScoreChange]) -> None:
        """Check the ranks that were sent: those after all changes, or where each row was placed."""
        ranks = {row.user_id: row.rank for row in self.ranked}
        for user in (change.user for change in changes if not change.removed):
            due = ranks.get(user.user_id, user.rank)
            if self.rules.rank_style == pb.RANK_STYLE_ORDINAL:
                due = user.place
            assert user.rank == due, f"{user.user_id} has rank {user.rank}, derived is {due}"

    def _check_order(self) -> None:
        if self._ordered:
            scores = [row.score for row in self._rows]
            highest_first = self.rules.order != pb.ORDER_LOWEST_FIRST
            due = sorted(scores, reverse=highest_first)
            assert scores == due, f"not best first: {self._rows}"
        users = [row.user_id for row in self._rows]
        assert len(users) == len(set(users)), f"a user twice: {users}"
