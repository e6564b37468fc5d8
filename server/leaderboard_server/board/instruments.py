"""Counts the batches that are sent to the store, and the boards that are read."""

from leaderboard_server.metrics import catalogue
from leaderboard_server.metrics.instruments import Instruments


class BoardInstruments:
    """The instruments of commits and reads.

    Attributes:
        commit_sizes: Updates of each commit.
        rank_sizes: Ranks of each read.
        window_reads: Tops and pages that were read from memory.
        store_reads: Those that were read from the store.
    """

    def __init__(self, instruments: Instruments) -> None:
        self.commit_sizes = instruments.histogram(catalogue.STORE_BATCH_SIZE, kind="commit")
        self.rank_sizes = instruments.histogram(catalogue.STORE_BATCH_SIZE, kind="rank")
        self.window_reads = instruments.counter(catalogue.BOARD_READS, source="window")
        self.store_reads = instruments.counter(catalogue.BOARD_READS, source="store")
