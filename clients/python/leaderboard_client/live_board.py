"""The board that a watcher holds: built from the messages of `WatchContest`, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.results import RankedUser

if TYPE_CHECKING:
    from collections.abc import Sequence

Row: TypeAlias = RankedUser
"""One user's row of a board."""

DEFAULT_LIMIT = 10
"""How many ranks a watch holds when its request does not say."""


class MissedChangesError(Exception):
    """The stream does not go on from where the board stands; the watch must begin anew."""


class LiveBoard:
    """The state of a watched contest as of `position`.

    It lives as long as its watch and across its streams: to resume on a new stream, ask for
    `resume_after=board.position` and go on applying; a stream that leaves a hole is noticed.

    With the scope TOP the rows are the first `limit` ranks. With ALL they are as many of the first
    `limit` ranks as are known for certain: the service does not tell who moves up from below when a
    user falls out. With USERS they are the watched users, each with the rank as of the user's own
    last change.
    """

    def __init__(
        self, *, scope: pb.WatchScope = pb.WATCH_SCOPE_TOP, limit: int = DEFAULT_LIMIT
    ) -> None:
        """Make an empty board.

        Args:
            scope: The scope that the watch asks for.

            limit: How many of the first ranks the watch asks for, from 1.
        """
        self._scope = scope or pb.WATCH_SCOPE_TOP
        self._limit = limit
        self._users: list[pb.RankedUser] = []
        self._total: int | None = None
        self._position: pb.Position | None = None

    @property
    def position(self) -> pb.Position | None:
        """The position up to which the board knows everything; None before the first message."""
        return self._position

    @property
    def rows(self) -> Sequence[Row]:
        """The rows, best first."""
        by_user = self._scope == pb.WATCH_SCOPE_USERS
        return [
            Row(user.rank if by_user else place, user.user_id, user.score, user.display_name)
            for place, user in enumerate(self._users, 1)
        ]

    @property
    def total_users(self) -> int | None:
        """How many users the contest has; None where that is not known for certain.

        With the scope ALL it is always known. With TOP it is as of a snapshot, and while the users
        are fewer than the limit; with USERS as of a snapshot alone.
        """
        return self._total

    def apply(self, message: pb.WatchContestResponse) -> None:
        """Move the board to the position of the next message.

        Raises:
            MissedChangesError: Something between the board's position and the message is missing.
                The board stays as it was.
        """
        if message.HasField("snapshot"):
            self._users = list(message.snapshot.users)
            self._total = message.snapshot.total_users
        else:
            self._check_continues(message)
            users = self._users
            for change in message.changes.changes:
                users = self._placed(change.user, users)
            self._users = users
            self._total = self._counted(message)
        self._position = message.position

    def _check_continues(self, message: pb.WatchContestResponse) -> None:
        held, now = self._position, message.position
        if held is None:
            raise MissedChangesError("the stream does not begin with a snapshot")
        if message.previous_revision != held.revision:
            raise MissedChangesError(
                f"the stream goes on after revision {message.previous_revision}, "
                f"the board is at {held.revision}"
            )
        if held.epoch and now.epoch != held.epoch:
            raise MissedChangesError("the history of the contest is another one")
        if now.revision < held.revision:
            raise MissedChangesError(
                f"the stream goes back to revision {now.revision}, the board is at {held.revision}"
            )

    def _placed(self, user: pb.RankedUser, users: list[pb.RankedUser]) -> list[pb.RankedUser]:
        """Return the rows with the user's row at its place."""
        users = [held for held in users if held.user_id != user.user_id]
        if self._scope == pb.WATCH_SCOPE_USERS:
            users.append(user)
            users.sort(key=lambda held: (-held.score, held.rank))
        elif user.rank <= min(self._limit, len(users) + 1):
            users.insert(user.rank - 1, user)
            del users[self._limit :]
        elif user.rank <= self._limit and self._scope == pb.WATCH_SCOPE_TOP:
            raise MissedChangesError(
                f"the stream tells of rank {user.rank}, the board has {len(users)} rows"
            )
        return users

    def _counted(self, message: pb.WatchContestResponse) -> int | None:
        """Return how many users the contest has after a message, as far as that is known."""
        if message.position == self._position:
            return self._total
        if self._scope == pb.WATCH_SCOPE_ALL and self._total is not None:
            return self._total + sum(not change.previous_rank for change in message.changes.changes)
        fewer = self._scope == pb.WATCH_SCOPE_TOP and len(self._users) < self._limit
        return len(self._users) if fewer else None
