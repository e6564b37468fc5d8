"""The latest position of one contest that this server has acknowledged to a caller.

No later response of this server may be behind it. It only rises within an epoch.
"""

from leaderboard_server.domain.position import BEGINNING, Position


class AckedPosition:
    """Raised by acknowledged commits and reads; the beginning where nothing was acknowledged."""

    def __init__(self) -> None:
        self.position = BEGINNING

    def observe_commit(self, position: Position) -> None:
        """Record a commit of this server, in an epoch that is not over.

        Within an epoch the position only rises, however late a reply comes. A commit of another
        epoch replaces it.
        """
        if position.epoch != self.position.epoch or position.reaches(self.position):
            self.position = position

    def observe_read(self, position: Position, followed_epoch: str) -> bool:
        """Record the position of a board that a caller gets; return whether it was recorded.

        Only a position of the followed epoch counts: it is not known which of two epochs is later.
        """
        if position.epoch != followed_epoch or not position.reaches(self.position):
            return False
        self.position = position
        return True

    def observe_deletion(self, epoch: str) -> None:
        """Forget what was recorded in an epoch whose contest was deleted."""
        if epoch == self.position.epoch:
            self.position = BEGINNING

    def observe_restart(self, position: Position) -> None:
        """Forget what was recorded in an epoch that is over."""
        if position.epoch != self.position.epoch:
            self.position = BEGINNING
