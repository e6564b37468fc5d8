"""Numbers the epochs of a service, because a model can't predict their opaque texts."""

from leaderboard.v1 import leaderboard_pb2 as pb
from model.records import Position

UNKNOWN_HISTORY = 99
"""The number of every epoch but the first one of the contest."""


class Epochs:
    """
    Remembers the first real epoch of each contest; `Position` says how they are numbered.

    A contest keeps its epoch across restarts of all parts, so one object serves all servers of a
    store for as long as its data last.
    """

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    def number(self, contest_id: str, epoch: str) -> int:
        """Return the number of an epoch, and remember it if it is the contest's first."""
        if not epoch:
            return 0
        return 1 if self._first.setdefault(contest_id, epoch) == epoch else UNKNOWN_HISTORY

    def read(self, contest_id: str, message: pb.Position) -> Position:
        """Convert a position of a message to one of the model."""
        return Position(self.number(contest_id, message.epoch), message.revision)

    def write(self, contest_id: str, position: Position) -> pb.Position:
        """Convert a position to a message; an unknown history gets an epoch of no contest."""
        epoch = "" if position.history == 0 else "never-was"
        if position.history == 1:
            epoch = self._first.get(contest_id, epoch)
        return pb.Position(epoch=epoch, revision=position.revision)
