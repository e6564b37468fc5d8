"""The board of a watch, built from the messages of `WatchContest` one by one."""

from collections.abc import Sequence

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.results import RankedUser
from leaderboard_client.watch_update import MissedChangesError

DEFAULT_LIMIT = 10
"""The number of ranks that a watch holds by default."""


class LiveBoard:
    """The state of a watched contest as of `position`.

    It lives as long as its watch and across its streams: a new stream resumes after
    `board.position`, and its messages are applied to the same board. A gap is detected.

    With the scope TOP the rows are the first `limit` ranks. With ALL they are as many of the first
    `limit` ranks as are known for certain: the service does not say which user moves up from below
    when another one falls out. With USERS they are the watched users, each with the rank as of the
    user's own last change.
    """

    def __init__(
        self, *, scope: pb.WatchScope = pb.WATCH_SCOPE_TOP, limit: int = DEFAULT_LIMIT
    ) -> None:
        """Create an empty board.

        Args:
            scope: The scope of the watch.

            limit: The number of first ranks that the watch requests, from 1.
        """
        self._scope = scope or pb.WATCH_SCOPE_TOP
        self._limit = limit
        self._users: list[pb.RankedUser] = []
        self.position: pb.Position | None = None
        """The position of the board; None before the first message."""
        self.total_users: int | None = None
        """The number of users of the contest; None if it is not known for certain.

        With the scope ALL it is always known. With TOP it is known at a snapshot, and while there
        are fewer users than the limit; with USERS only at a snapshot.
        """

    @property
    def rows(self) -> Sequence[RankedUser]:
        """The rows, best first."""
        by_user = self._scope == pb.WATCH_SCOPE_USERS
        return [
            RankedUser(user.rank if by_user else place, user.user_id, user.score, user.display_name)
            for place, user in enumerate(self._users, 1)
        ]

    def apply(self, message: pb.WatchContestResponse) -> None:
        """Move the board to the position of the next message.

        Raises:
            MissedChangesError: The message does not continue from the board's position. The board
                stays as it was.
        """
        if message.HasField("snapshot"):
            self._users = list(message.snapshot.users)
            self.total_users = message.snapshot.total_users
        else:
            self._check_continues(message)
            users = self._users
            for change in message.changes.changes:
                users = self._with_row(change.user, users)
            self._users = users
            self.total_users = self._total_after(message)
        self.position = message.position

    def _check_continues(self, message: pb.WatchContestResponse) -> None:
        held, now = self.position, message.position
        if held is None:
            raise MissedChangesError("the stream does not begin with a snapshot")
        if message.previous_revision != held.revision:
            raise MissedChangesError(
                f"the stream continues after revision {message.previous_revision}, "
                f"the board is at {held.revision}"
            )
        if held.epoch and now.epoch != held.epoch:
            raise MissedChangesError("the epoch of the contest has changed")
        if now.revision < held.revision:
            raise MissedChangesError(
                f"the stream goes back to revision {now.revision}, the board is at {held.revision}"
            )

    def _with_row(self, user: pb.RankedUser, users: list[pb.RankedUser]) -> list[pb.RankedUser]:
        """Return the rows with the user's new row at its rank."""
        users = [held for held in users if held.user_id != user.user_id]
        if self._scope == pb.WATCH_SCOPE_USERS:
            users.append(user)
            users.sort(key=lambda held: (-held.score, held.rank))
        elif user.rank <= min(self._limit, len(users) + 1):
            users.insert(user.rank - 1, user)
            del users[self._limit :]
        elif user.rank <= self._limit and self._scope == pb.WATCH_SCOPE_TOP:
            raise MissedChangesError(
                f"a change has rank {user.rank}, the board has {len(users)} rows"
            )
        return users

    def _total_after(self, message: pb.WatchContestResponse) -> int | None:
        """Return the number of users of the contest after a message, if it is known."""
        if message.position == self.position:
            return self.total_users
        if self._scope == pb.WATCH_SCOPE_ALL and self.total_users is not None:
            return self.total_users + sum(
                not change.previous_rank for change in message.changes.changes
            )
        fewer = self._scope == pb.WATCH_SCOPE_TOP and len(self._users) < self._limit
        return len(self._users) if fewer else None
