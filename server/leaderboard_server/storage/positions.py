"""The latest position this server has seen of each contest: how a lost history is noticed.

The store answers one call after the other, so an answer behind a position that was known when the
call was sent proves that the store went back; the scripts check that and begin a new epoch.
"""

from leaderboard_server.domain.position import BEGINNING, Position

_CONTESTS = 65_536
"""How many contests are remembered; one that is forgotten is only no longer checked."""


class PositionTracker:
    """Remembers the latest seen position of each contest. Lives as long as the store's client."""

    def __init__(self) -> None:
        self._positions: dict[str, Position] = {}
        """In the order in which they were seen first."""

    def latest(self, contest_id: str) -> Position:
        """Return the latest position seen, or the beginning."""
        return self._positions.get(contest_id, BEGINNING)

    def observe_commit(self, contest_id: str, heard: Position) -> None:
        """Take in the position of a commit that came through the link.

        Links deliver late: one of another epoch than the latest says nothing about now.
        """
        latest = self.latest(contest_id)
        if latest == BEGINNING or (
            latest.epoch == heard.epoch and latest.revision < heard.revision
        ):
            self._remember(contest_id, heard)

    def observe_reply(self, contest_id: str, sent_after: Position, seen: Position) -> None:
        """Take in the position of an answer.

        Args:
            contest_id: The contest.

            sent_after: What `latest` returned when the call was sent.

            seen: The position in the answer.
        """
        latest = self.latest(contest_id)
        if seen.epoch == latest.epoch:
            if seen.revision > latest.revision:
                self._remember(contest_id, seen)
        elif latest.epoch == sent_after.epoch:
            # Nobody began another epoch while this call was under way, so its epoch is the newer.
            self._remember(contest_id, seen)

    def _remember(self, contest_id: str, position: Position) -> None:
        # A plain dict, since this is done several times for every call.
        if contest_id not in self._positions and len(self._positions) == _CONTESTS:
            del self._positions[next(iter(self._positions))]
        self._positions[contest_id] = position
