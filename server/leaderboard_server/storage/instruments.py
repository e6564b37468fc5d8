"""Counts what the store is asked for, and how that ends."""

from leaderboard_server.domain.errors import StoreCause, StoreFailure, StoreUnavailable
from leaderboard_server.metrics import catalogue
from leaderboard_server.metrics.instruments import Instruments
from leaderboard_server.storage import scripts

_FULL = "full"


class StoreInstruments:
    """The instruments of all scripts.

    Attributes:
        call_seconds: The time from the sending of a script to its reply, by its name.
        resends: Scripts that were sent again.
        redirections: Scripts that a node of a cluster did not run, and that were sent again.
        expired: Contests that were deleted because they had expired.
        seasons: Seasons that were ended.
    """

    def __init__(self, instruments: Instruments) -> None:
        self.call_seconds = {
            script.name: instruments.histogram(catalogue.STORE_CALL_SECONDS, script=script.name)
            for script in scripts.ALL
        }
        self._failures = {
            (script.name, cause): instruments.counter(
                catalogue.STORE_ERRORS, script=script.name, cause=cause
            )
            for script in scripts.ALL
            for cause in (_FULL, *StoreCause)
        }
        self.resends = instruments.counter(catalogue.STORE_RESENDS)
        self.redirections = instruments.counter(catalogue.STORE_REDIRECTIONS)
        self.expired = instruments.counter(catalogue.EXPIRED_CONTESTS)
        self.seasons = instruments.counter(catalogue.ENDED_SEASONS)

    def count_failure(self, script: str, failure: StoreFailure) -> None:
        """Count a script call that failed."""
        cause = failure.cause if isinstance(failure, StoreUnavailable) else _FULL
        self._failures[script, cause].add()
