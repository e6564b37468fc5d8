"""Counts the sweeps over all contests."""

from leaderboard_server.metrics import catalogue
from leaderboard_server.metrics.instruments import Instruments


class SweepInstruments:
    """The instruments of sweeps.

    Attributes:
        complete: Sweeps that looked at all contests.
        failed: Sweeps that could not look at all, as a shard of the store was away.
        seconds: The duration of complete ones.
    """

    def __init__(self, instruments: Instruments) -> None:
        self.complete = instruments.counter(catalogue.SWEEPS, result="complete")
        self.failed = instruments.counter(catalogue.SWEEPS, result="failed")
        self.seconds = instruments.histogram(catalogue.SWEEP_SECONDS)
