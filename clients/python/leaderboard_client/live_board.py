"""The board that a watcher holds: built from the messages of `WatchContest`, one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leaderboard.v1 import leaderboard_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_LIMIT = 10
"""How many ranks a watch holds when its request does not say."""


class MissedChangesError(Exception):
    """The stream does not go on from where the board stands; the watch must begin anew."""


@dataclass(frozen=True, slots=True)
class Row:
    """One user's row of a board."""

    rank: int
    """The rank, from 1."""

    user_id: str
    """The user."""

    score: int
    """The score."""

    display_name: str
    """The user's name for people; empty if none was given."""


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
        self._by_user = scope == pb.WATCH_SCOPE_USERS
        self._limit = limit
        self._users: list[pb.RankedUser] = []
        self._position: pb.Position | None = None

    @property
    def position(self) -> pb.Position | None:
        """The position up to which the board knows everything; None before the first message."""
        return self._position

    @property
    def rows(self) -> Sequence[Row]:
        """The rows, best first."""
        return [
            Row(user.rank if self._by_user else place, user.user_id, user.score, user.display_name)
            for place, user in enumerate(self._users, 1)
        ]

    def apply(self, message: pb.WatchContestResponse) -> None:
        """Move the board to the position of the next message.

        Raises:
            MissedChangesError: Something between the board's position and the message is missing.
                The board stays as it was.
        """
        if message.HasField("snapshot"):
            self._users = list(message.snapshot.users)
        else:
            self._check_continues(message)
            place = self._place_watched if self._by_user else self._place_ranked
            for change in message.changes.changes:
                place(change.user)
        self._position = message.position

    def _check_continues(self, message: pb.WatchContestResponse) -> None:
        held = self._position
        if held is None:
            raise MissedChangesError("the stream does not begin with a snapshot")
        if message.previous_revision != held.revision:
            raise MissedChangesError(
                f"the stream goes on after revision {message.previous_revision}, "
                f"the board is at {held.revision}"
            )
        if held.epoch and message.position.epoch != held.epoch:
            raise MissedChangesError("the history of the contest is another one")

    def _place_ranked(self, user: pb.RankedUser) -> None:
        self._take_out(user)
        if user.rank <= min(self._limit, len(self._users) + 1):
            self._users.insert(user.rank - 1, user)
            del self._users[self._limit :]

    def _place_watched(self, user: pb.RankedUser) -> None:
        self._take_out(user)
        self._users.append(user)
        self._users.sort(key=lambda held: (-held.score, held.rank))

    def _take_out(self, user: pb.RankedUser) -> None:
        self._users = [held for held in self._users if held.user_id != user.user_id]
