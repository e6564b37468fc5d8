"""Names new epochs, and observes those in the replies of the store."""

import itertools
from collections.abc import Callable

import structlog

from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.storage import keys
from leaderboard_server.storage.positions import PositionTracker
from leaderboard_server.storage.registry import ContestRegistry

_log = structlog.get_logger()


class Epochs:
    """The epochs of all contests. Lives as long as the store.

    Attributes:
        observers: Called with a contest whenever a reply shows a new epoch of it.
    """

    def __init__(self, positions: PositionTracker, registry: ContestRegistry, prefix: str) -> None:
        """Observe positions.

        Args:
            positions: The latest positions that were seen.

            registry: Where contests are registered again after an epoch began.

            prefix: The beginning of the names of new epochs.
        """
        self.observers: list[Callable[[str], None]] = []
        self._positions = positions
        self._registry = registry
        self._prefix = prefix
        self._numbers = itertools.count(1)

    def new(self, contest_id: str) -> tuple[str, str]:
        """Return the arguments of an epoch that may begin: its channel and its name.

        Each time another name, since an earlier one may have begun and be lost by now.
        """
        return keys.channel(contest_id), f"{self._prefix}-{next(self._numbers):x}"

    def observe_reply(self, contest_id: str, sent_after: Position, position: Position) -> None:
        """Observe the position in a reply; see `PositionTracker.observe_reply`."""
        if position.epoch not in (sent_after.epoch, BEGINNING.epoch):
            self._registry.on_new_epoch(contest_id)
        if self._positions.observe_reply(contest_id, sent_after, position):
            if position == BEGINNING:
                self._registry.forget(contest_id)
                _log.debug("contest_gone", contest_id=contest_id, epoch=sent_after.epoch)
            elif sent_after.epoch or position.epoch.startswith(self._prefix):
                # Else the contest may only have been seen for the first time.
                _log.debug(
                    "epoch_began",
                    contest_id=contest_id,
                    epoch=position.epoch,
                    revision=position.revision,
                    before=sent_after.epoch,
                )
            for observer in self.observers:
                observer(contest_id)
