"""The first table of the page: what users meet, in plain words, for each server."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.compare import value
from benchmarks.job import Sizes
from benchmarks.measure import Measurement
from benchmarks.tables import table

COLUMNS = {
    "front": "the service, with the front",
    "grpcio": "without the front",
    "seed_go": "Go, without the promises",
    "go_scripts": "Go, the same promises",
    "plain_python": "plain Python, without the promises",
}
"""The shown servers, with the heads of their columns."""

_LATE_US = 60_000_000
"""The latency that failed calls count with."""
_MS = 1_000


@dataclass(frozen=True)
class Row:
    """A job of the overview."""

    job: str
    text: str
    """The job in plain words."""
    unit: str = "calls/s"
    """The unit of the figure; `ms` for a duration, which is measured in µs."""

    @property
    def is_duration(self) -> bool:
        """True for a duration, where less is better; False for a rate, where more is better."""
        return self.unit == "ms"


@dataclass(frozen=True)
class Cell:
    """The figure of one server in one job."""

    figure: float
    """A rate per second, or a duration in milliseconds."""
    text: str
    """The figure with its unit; words if the server can't keep up."""
    keeps_up: bool = True


def rows(sizes: Sizes) -> list[Row]:
    """Return the jobs of the overview."""
    hot, big, crowd = sizes.boards["hot"], sizes.boards["big"], sizes.crowds[0]
    updates = "Score updates of one contest"
    return [
        Row("update_hot", f"{updates} ({hot:,} users), 256 calls at a time"),
        Row("update_hot_ids", f"{updates}, with request ids as the clients send them"),
        Row("update_hot_64", f"{updates}, 64 calls at a time"),
        Row("update_hot_synced", f"{updates}, each on the disk before its answer"),
        Row("update_many", f"Score updates spread over {sizes.contests:,} contests"),
        Row("rank_hot", f"The rank of a user among {hot:,}"),
        Row("rank_big", f"The rank of a user among {big:,}"),
        Row("top10_busy", "The first ten users, while 500 updates/s change them"),
        Row("mix", "A mix of 80 % ranks, 15 % boards and 5 % updates"),
        Row("batch", "Score updates in batches of 1,000", "updates/s"),
        Row(
            f"fanout_{crowd}", f"Changes sent to {crowd:,} watchers on 10 connections", "messages/s"
        ),
        Row(
            f"fanout_{crowd}_each",
            f"Changes sent to {crowd:,} watchers with a connection each",
            "messages/s",
        ),
        Row("latency", "99 of 100 calls take at most, at a steady 2,000 calls/s", unit="ms"),
        Row("update_hot_one", "A score update while nothing else runs", unit="ms"),
        Row("rank_hot_one", "The rank of a user while nothing else runs", unit="ms"),
    ]


def cell(row: Row, server: str, measurements: Sequence[Measurement]) -> Cell | None:
    """Return the figure of a server; None if it was not measured."""
    found = value(measurements, server, row.job)
    if found is None:
        return None
    if not row.is_duration:
        return Cell(found, f"{_rounded(found)}/s")
    if found >= _LATE_US:
        return Cell(0.0, "can't keep up", keeps_up=False)
    return Cell(found / _MS, f"{_rounded(found / _MS)} ms")


def overview_table(sizes: Sizes, measurements: Sequence[Measurement]) -> str:
    """Return the table of all jobs of the overview and all servers."""
    lines = []
    for row in rows(sizes):
        cells = [cell(row, server, measurements) for server in COLUMNS]
        if any(cells):
            lines.append((row.text, *("" if each is None else each.text for each in cells)))
    return table(("job", *COLUMNS.values()), lines)


def _rounded(number: float) -> str:
    """Return a number with three significant digits."""
    if number >= 100:
        return f"{round(number, 2 - len(str(int(number))) + 1):,.0f}"
    return f"{number:.3g}"
