"""Numbers the epochs of a service, because a model can't predict their opaque texts."""

from collections import defaultdict

from leaderboard.v1 import leaderboard_pb2 as pb
from model.records import Position


class Epochs:
    """
    Remembers the epochs of each contest; `Position` says how they are numbered.

    A season keeps its epoch across restarts of all parts until it is over, so one object serves all
    servers of a store.
    """

    def __init__(self) -> None:
        self._epochs: defaultdict[str, list[str]] = defaultdict(list)

    def number(self, contest_id: str, epoch: str) -> int:
        """Return the number of an epoch, and remember it if it is new."""
        if not epoch:
            return 0
        known = self._epochs[contest_id]
        if epoch not in known:
            known.append(epoch)
        return known.index(epoch) + 1

    def knows(self, contest_id: str, history: int) -> bool:
        """Return whether the epoch of a history was seen."""
        return history <= len(self._epochs[contest_id])

    def text(self, contest_id: str, history: int) -> str:
        """Return the epoch of a history; for an unknown one an epoch of no contest."""
        known = ["", *self._epochs[contest_id]]
        return known[history] if history < len(known) else "never-was"

    def read(self, contest_id: str, message: pb.Position) -> Position:
        """Convert a position of a message to one of the model."""
        return Position(self.number(contest_id, message.epoch), message.revision)

    def write(self, contest_id: str, position: Position) -> pb.Position:
        """Convert a position to a message."""
        epoch = self.text(contest_id, position.history)
        return pb.Position(epoch=epoch, revision=position.revision)
