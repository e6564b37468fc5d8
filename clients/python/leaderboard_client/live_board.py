"""The board of a watch, built from the messages of `WatchContest` one by one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.results import RankedUser
from leaderboard_client.watch_update import MissedChangesError

DEFAULT_LIMIT = 10
"""The number of rows that a watch holds by default."""


class LiveBoard:
    """The state of a watched contest as of `position`.

    It lives as long as its watch and across its streams: a new stream resumes after
    `board.position`, and its messages are applied to the same board. A gap is detected.

    With the scope TOP the rows are the first `limit` ones. With ALL they are as many of the first
    `limit` rows as are known for certain: the service does not say which user moves up from below
    when another one falls out. Their places are their numbers, and their ranks follow from places
    and scores by the contest's rules, which the last snapshot has.

    With USERS they are the watched users, each with the place and the rank as of the user's own
    last change, in the order of their scores, then of these places, and of equal ones the latest
    first.
    """

    def __init__(
        self, *, scope: pb.WatchScope = pb.WATCH_SCOPE_TOP, limit: int = DEFAULT_LIMIT
    ) -> None:
        """Create an empty board.

        Args:
            scope: The scope of the watch.

            limit: The number of first rows that the watch requests, from 1.
        """
        self._scope = scope or pb.WATCH_SCOPE_TOP
        self._limit = limit
        self._style = pb.RANK_STYLE_ORDINAL
        self._order = pb.ORDER_HIGHEST_FIRST
        self.rows: Sequence[RankedUser] = ()
        """The rows, best first."""
        self.position: pb.Position | None = None
        """The position of the board; None before the first message."""
        self.season: int | None = None
        """The number of the season, from 1; 0 for a contest that does not exist, and None before
        the first message."""
        self.total_users: int | None = None
        """The number of users of the contest; None if it is not known for certain.

        Snapshots and changes have it. It is not known after a message that only moves the position,
        unless the scope is ALL, or TOP and there are fewer users than the limit.
        """

    def apply(self, message: pb.WatchContestResponse) -> None:
        """Move the board to the position of the next message.

        Raises:
            MissedChangesError: The message does not continue from the board's position. The board
                stays as it was.
        """
        if message.HasField("snapshot"):
            self._style = message.snapshot.rules.rank_style
            self._order = message.snapshot.rules.order
            self.rows = self._numbered(map(RankedUser.decode, message.snapshot.users))
            self.total_users = message.snapshot.total_users
            self.season = message.snapshot.season
        else:
            self._check_continues(message)
            rows = list(self.rows)
            for change in message.changes.changes:
                rows[:] = [held for held in rows if held.user_id != change.user.user_id]
                if not change.removed:
                    self._place(RankedUser.decode(change.user), rows)
            self.rows = self._numbered(rows)
            self.total_users = self._total_after(message)
            if not self.season and message.position.epoch:
                self.season = 1  # the contest has begun
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

    def _place(self, row: RankedUser, rows: list[RankedUser]) -> None:
        """Insert a user's row, which is not there, at its place."""
        if self._scope == pb.WATCH_SCOPE_USERS:
            rows.insert(0, row)
            # Scores are certain; the place of another row may have changed since.
            sign = 1 if self._order == pb.ORDER_LOWEST_FIRST else -1
            rows.sort(key=lambda held: (sign * held.score, held.place))
        elif 1 <= row.place <= min(self._limit, len(rows) + 1):
            rows.insert(row.place - 1, row)
            del rows[self._limit :]
        elif row.place <= self._limit and self._scope == pb.WATCH_SCOPE_TOP:
            raise MissedChangesError(f"a change has place {row.place}, the board {len(rows)} rows")

    def _numbered(self, rows: Iterable[RankedUser]) -> Sequence[RankedUser]:
        """Return the rows with their present places and ranks."""
        held = tuple(rows)
        if self._scope == pb.WATCH_SCOPE_USERS:
            return held
        numbers = enumerate(shown_ranks(self._style, (row.score for row in held)), 1)
        return tuple(
            row if (row.place, row.rank) == (place, rank) else replace(row, place=place, rank=rank)
            for row, (place, rank) in zip(held, numbers, strict=True)
        )

    def _total_after(self, message: pb.WatchContestResponse) -> int | None:
        """Return the number of users of the contest after a message, if it is known."""
        if message.HasField("changes"):
            return message.changes.total_users
        if self._scope == pb.WATCH_SCOPE_ALL or message.position == self.position:
            return self.total_users
        fewer = self._scope == pb.WATCH_SCOPE_TOP and len(self.rows) < self._limit
        return len(self.rows) if fewer else None


def shown_ranks(style: int, scores: Iterable[int]) -> Iterator[int]:
    """Yield the rank of each score of a board, best first.

    Args:
        style: The `RankStyle` of the contest; an unknown one counts as ORDINAL.

        scores: The scores, from the first row on.
    """
    rank, above = 0, None
    for place, score in enumerate(scores, 1):
        if style == pb.RANK_STYLE_DENSE:
            rank += score != above
        elif style != pb.RANK_STYLE_COMPETITION or score != above:
            rank = place
        above = score
        yield rank
