"""Applies the changes of a watch to a board, up to exactly the revision of a page."""

import time
from collections.abc import Iterator

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.export.board_prefix import BoardPrefix
from leaderboard_cli.failures import CommandError, ExitCode
from leaderboard_client.watch_update import WatchState, WatchUpdate


class BoardResetError(Exception):
    """The watch sent a snapshot: its changes don't continue those before."""

    def __init__(self, message: pb.WatchContestResponse) -> None:
        super().__init__("the watch began again")
        self.message = message


class WatchOverError(Exception):
    """The watch does not lead to what was read: it has to begin again.

    It ended with its contest, which went on after that; or its server is behind.
    """


class ChangeReader:
    """The messages of one watch with the scope ALL, in order."""

    def __init__(
        self,
        contest_id: str,
        updates: Iterator[WatchUpdate],
        *,
        patience: float,
    ) -> None:
        """Read a watch.

        Args:
            contest_id: The contest.

            updates: The watch.

            patience: The seconds to wait for a message that has to come.
        """
        self._contest_id = contest_id
        self._updates = updates
        self._patience = patience
        self._rest: pb.WatchContestResponse | None = None
        """The part of the latest message that is not applied yet."""

    def next_snapshot(self) -> pb.WatchContestResponse:
        """Return the next snapshot, and skip all messages before it.

        Raises:
            WatchOverError: The watch ended without one, or none came in time.

            CommandError: The contest was deleted.

            LeaderboardError, StreamLostError, MissedChangesError: No message came in time.
        """
        self._rest = None
        deadline = time.monotonic() + self._patience
        while True:
            message = self._next()
            if message.HasField("snapshot"):
                return message
            _check_time(deadline)

    def move(self, board: BoardPrefix, revision: int) -> bool:
        """Move a board to a revision.

        Returns:
            Whether it is there. Otherwise it is at a later one, because nothing says which changes
            of a message came before: writes of hidden users take revisions without a change.

        Raises:
            BoardResetError: A snapshot came instead.

            WatchOverError: The watch ended before, or did not get there in time.

            CommandError: The contest was deleted.

            LeaderboardError, StreamLostError, MissedChangesError: No message came in time.

            InconsistentBoardError: The changes are not those of the board.
        """
        deadline = time.monotonic() + self._patience
        while board.revision < revision:
            _check_time(deadline)
            message, self._rest = self._rest or self._next(), None
            if message.HasField("snapshot"):
                raise BoardResetError(message)
            changes, end = message.changes.changes, message.position.revision
            count = _changes_until(revision, board.revision, end, len(changes))
            if count is None:
                board.apply(changes, end)
                return False
            board.apply(changes[:count], min(revision, end))
            if end > revision:
                self._rest = _rest_of(message, count)
        return True

    def _next(self) -> pb.WatchContestResponse:
        deadline = time.monotonic() + self._patience
        for update in self._updates:
            if update.state is WatchState.DELETED:
                gone = f"{self._contest_id} was deleted, or has expired"
                raise CommandError(gone, ExitCode.NOT_FOUND)
            if update.message is not None:
                return update.message
            if update.trouble and time.monotonic() > deadline:
                raise update.trouble
        raise WatchOverError


def _check_time(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise WatchOverError


def _changes_until(revision: int, begin: int, end: int, changes: int) -> int | None:
    """Return how many changes of a message are those up to a revision; None if it is unknown.

    Each change takes a revision, and some revisions have no change.

    Args:
        revision: The revision.

        begin: The revision before the message.

        end: The revision after the message.

        changes: The changes of the message.
    """
    if revision >= end:
        return changes
    least, most = max(0, changes - (end - revision)), min(changes, revision - begin)
    return least if least == most else None


def _rest_of(message: pb.WatchContestResponse, count: int) -> pb.WatchContestResponse:
    """Return a message without its first changes."""
    rest = pb.WatchContestResponse(position=message.position)
    rest.changes.changes.extend(message.changes.changes[count:])
    return rest
