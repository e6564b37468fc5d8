"""Targets of the service in relation to its peers."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.compare import ratio, value
from benchmarks.jobs import Sizes
from benchmarks.measure import Measurement

SAME = "the service itself"
"""The same listener with another job, in place of a peer."""
NONE = "its own peak"
"""No peer: the figure of the job is a percentage already."""


@dataclass(frozen=True)
class Target:
    """A bound of the ratio between a listener and a peer."""

    title: str
    listener: str
    job: str
    peer: str
    """The server to compare with, SAME or NONE."""
    peer_job: str
    bound: float
    at_most: bool = False
    """True if the bound is a maximum, False if it is a minimum."""

    def ratio(self, measurements: Sequence[Measurement]) -> float | None:
        """Return the ratio; None if a side was not measured."""
        if self.peer == NONE:
            share = value(measurements, self.listener, self.job)
            return None if share is None else share / 100
        peer = self.listener if self.peer == SAME else self.peer
        return ratio(measurements, (self.listener, self.job), (peer, self.peer_job))

    def met_by(self, reached: float) -> bool:
        """Return whether a ratio meets the target."""
        return reached <= self.bound if self.at_most else reached >= self.bound


def targets(sizes: Sizes) -> list[Target]:
    """Return all targets, for boards of these sizes."""
    crowd, least, most = sizes.crowds[0], sizes.growth[0], sizes.growth[-1]
    rows = [
        ("update_hot", "UpdateScore, hot contest", 2.5, 1.5),
        ("update_many", f"UpdateScore, {sizes.contests:,} contests", 1.5, 1.2),
        ("rank", f"GetUserRank, {sizes.users:,} users", 1.5, 1.3),
    ]
    found = []
    for job, title, front, grpcio in rows:
        found += [
            Target(title, "front", job, "seed_go", job, front),
            Target(title, "grpcio", job, "plain_python", job, grpcio),
        ]
    board, batch = "GetTopUsers(10) while 500 updates/s run", "BatchUpdateScores of 1,000"
    fan_out, steady = f"fan-out to {crowd:,} watchers", "p99 at 2,000 calls/s"
    overload = "successes at 3 times the capacity"
    grown = f"UpdateScore at {most:,} users against {least:,}"
    fan, stream = f"fanout_{crowd}", f"stream_{crowd}"
    found += [
        Target(board, "front", "top10_busy", "seed_go", "top10_busy", 1.0),
        Target(board, "grpcio", "top10_busy", "bare_grpcio", "empty", 0.85),
        Target(batch, "front", "batch", "store", "store_groups", 0.7),
        Target(batch, "grpcio", "batch", "store", "store_groups", 0.6),
        Target(fan_out, "front", fan, "seed_go", fan, 2.0),
        Target(fan_out, "grpcio", fan, "bare_grpcio", stream, 0.8),
        Target(steady, "front", "latency", "seed_go", "latency", 1.2, at_most=True),
        Target(steady, "grpcio", "latency", "plain_python", "latency", 1.0, at_most=True),
        Target(grown, "front", f"update_{most}", SAME, f"update_{least}", 0.7),
        Target(grown, "grpcio", f"update_{most}", SAME, f"update_{least}", 0.7),
        Target(overload, "front", "overload", NONE, "", 0.85),
        Target(overload, "grpcio", "overload", NONE, "", 0.85),
    ]
    return found
