"""Tracks the latest position this server has seen of each contest, to detect a lost history.

The invariant: a store never replies with a position behind one that was seen before the call was
sent. Every script gets that position; where the store is behind it, the store was restored or
failed over, and a new epoch begins. Where the store has no epoch, the contest is gone, and so is
what was seen of it.
"""

from leaderboard_server.domain.position import BEGINNING, Position

_MAX_CONTESTS = 65_536
"""How many contests are tracked; one that is dropped is only not checked any more."""


class PositionTracker:
    """Keeps the latest position of each contest. Lives as long as the store's client."""

    def __init__(self) -> None:
        self._positions: dict[str, Position] = {}
        """In the order in which the contests were first seen."""

    def latest(self, contest_id: str) -> Position:
        """Return the latest position seen, or the beginning."""
        return self._positions.get(contest_id, BEGINNING)

    def left_epoch(self, contest_id: str, epoch: str) -> bool:
        """Return whether the latest position seen is known to be in another epoch, or in none."""
        latest = self._positions.get(contest_id)
        return latest is not None and latest.epoch != epoch

    def observe_deletion(self, contest_id: str, epoch: str) -> None:
        """Observe that a contest was deleted in an epoch."""
        if self.latest(contest_id).epoch == epoch:
            self._set(contest_id, BEGINNING)

    def observe_commit(self, contest_id: str, position: Position) -> None:
        """Observe the position of a commit that the feed delivered.

        The feed may deliver late, so a commit of another epoch than the latest one is ignored,
        unless it is of a later season.
        """
        latest = self.latest(contest_id)
        if (
            latest == BEGINNING
            or (latest.epoch == position.epoch and latest.revision < position.revision)
            or latest.season < position.season
        ):
            self._set(contest_id, position)

    def observe_reply(self, contest_id: str, sent_after: Position, position: Position) -> bool:
        """Observe the position in a reply.

        Args:
            contest_id: The contest.

            sent_after: The result of `latest` when the call was sent.

            position: The position in the reply.

        Returns:
            Whether the latest position is now in another epoch than before.
        """
        latest = self.latest(contest_id)
        if position.epoch == latest.epoch:
            if position.revision > latest.revision:
                self._set(contest_id, position)
            return False
        if latest.epoch != sent_after.epoch:
            # Another reply brought a new epoch while this call was in flight: this one is older.
            return False
        self._set(contest_id, position)
        return True

    def _set(self, contest_id: str, position: Position) -> None:
        # A plain dict, since this is done several times for every call.
        if contest_id not in self._positions and len(self._positions) == _MAX_CONTESTS:
            del self._positions[next(iter(self._positions))]
        self._positions[contest_id] = position
