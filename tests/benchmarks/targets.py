"""Targets of the service in relation to its peers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from benchmarks.compare import ratio, value
from benchmarks.job import SCRIPTS, Job, Sizes
from benchmarks.measure import Measurement

SAME = "the service itself"
"""The same listener with another job, in place of a peer."""
NONE = "its own peak"
"""No peer: the figure of the job is a percentage already."""


@dataclass(frozen=True)
class Target:
    """A ratio between a listener and a peer, and the bounds that it is to reach."""

    title: str
    listener: str
    job: str
    peer: str
    """The server to compare with, SAME or NONE."""
    peer_job: str
    bound: float | None
    """The bound that must be reached; None for a ratio that is only shown."""
    aim: float | None = None
    """The better bound that is aimed at, if there is one."""
    at_most: bool = False
    """True if the bounds are maxima, False if they are minima."""

    def ratio(self, measurements: Sequence[Measurement]) -> float | None:
        """Return the ratio; None if a side was not measured."""
        if self.peer == NONE:
            share = value(measurements, self.listener, self.job)
            return None if share is None else share / 100
        peer = self.listener if self.peer == SAME else self.peer
        return ratio(measurements, (self.listener, self.job), (peer, self.peer_job))

    def met_by(self, reached: float) -> bool:
        """Return whether a ratio reaches the bound, if there is one."""
        return self._within(reached, self.bound)

    def aim_met_by(self, reached: float) -> bool:
        """Return whether there is an aim, and a ratio reaches it."""
        return self.aim is not None and self._within(reached, self.aim)

    def _within(self, reached: float, bound: float | None) -> bool:
        if bound is None:
            return True
        return reached <= bound if self.at_most else reached >= bound


def targets(sizes: Sizes) -> list[Target]:
    """Return all ratios, for boards of these sizes."""
    return [*_front(sizes), *_grpcio(sizes), *_both(sizes), *_same_promises(sizes)]


def needed(jobs: Iterable[Job], chosen: Sequence[Target]) -> list[Job]:
    """Return the jobs that ratios are made of, each with the servers that they compare."""
    pairs = set()
    for target in chosen:
        pairs.add((target.job, target.listener))
        pairs.add((target.peer_job, target.listener if target.peer == SAME else target.peer))
    found = []
    for job in jobs:
        servers = tuple(server for server in job.servers if (job.name, server) in pairs)
        if servers:
            found.append(replace(job, servers=servers))
    return found


def _titles(sizes: Sizes) -> dict[str, str]:
    hot, big, crowd = sizes.boards["hot"], sizes.boards["big"], sizes.crowds[0]
    update = f"UpdateScore, hot contest, {hot:,} users"
    return {
        "update_hot": f"{update}, 256 in flight",
        "update_hot_64": f"{update}, 64 in flight",
        "update_hot_ids": f"{update}, 256 in flight, with request ids",
        "update_hot_synced": f"{update}, 256 in flight, every write synced",
        "update_many": f"UpdateScore, {sizes.contests:,} contests",
        "rank_hot": f"GetUserRank, {hot:,} users, 256 in flight",
        "rank_hot_64": f"GetUserRank, {hot:,} users, 64 in flight",
        "rank_big": f"GetUserRank, {big:,} users, 256 in flight",
        "top10_busy": "GetTopUsers(10) while 500 updates/s run",
        f"fanout_{crowd}": f"fan-out to {crowd:,} watchers on 10 connections",
        f"fanout_{crowd}_each": f"fan-out to {crowd:,} watchers with a connection each",
        "latency": "p99 at 2,000 calls/s",
        "update_hot_one": "UpdateScore, one call at a time, p50",
        "rank_hot_one": "GetUserRank, one call at a time, p50",
    }


def _front(sizes: Sizes) -> list[Target]:
    titles, fan_out = _titles(sizes), f"fanout_{sizes.crowds[0]}"
    bounds: list[tuple[str, float | None, float | None, bool]] = [
        ("update_hot", 1.3, 1.6, False),
        ("update_hot_64", 0.9, 1.1, False),
        ("update_hot_ids", 1.0, 1.2, False),
        ("update_many", 0.75, 0.85, False),
        ("rank_hot", 1.4, 1.7, False),
        ("rank_big", 1.0, 1.3, False),
        ("top10_busy", 1.1, 1.5, False),
        (fan_out, 2.5, 4.0, False),
        (f"{fan_out}_each", 1.2, 2.0, False),
        ("latency", 1.3, 1.0, True),
        ("update_hot_one", None, 1.0, True),
        ("rank_hot_one", None, 1.0, True),
        ("rank_hot_64", None, None, False),
        ("update_hot_synced", None, None, False),
    ]
    return [
        Target(titles[job], "front", job, "seed_go", job, bound, aim, at_most)
        for job, bound, aim, at_most in bounds
    ]


def _grpcio(sizes: Sizes) -> list[Target]:
    titles, crowd = _titles(sizes), sizes.crowds[0]
    fan_out = f"fanout_{crowd}"
    bounds: list[tuple[str, str, str, float, bool]] = [
        ("update_hot", "plain_python", "update_hot", 1.5, False),
        ("update_many", "plain_python", "update_many", 1.2, False),
        ("rank_big", "plain_python", "rank_big", 1.3, False),
        ("top10_busy", "bare_grpcio", "empty", 0.85, False),
        (fan_out, "bare_grpcio", f"stream_{crowd}", 0.8, False),
        ("latency", "plain_python", "latency", 1.0, True),
    ]
    return [
        Target(titles[job], "grpcio", job, peer, peer_job, bound, None, at_most)
        for job, peer, peer_job, bound, at_most in bounds
    ]


def _both(sizes: Sizes) -> list[Target]:
    least, most = sizes.extremes
    grown = f"UpdateScore at {sizes.boards[most]:,} users against {sizes.boards[least]:,}"
    batch, overload = "BatchUpdateScores of 1,000", "successes at 3 times the capacity"
    found = []
    for listener, share in (("front", 0.7), ("grpcio", 0.6)):
        found += [
            Target(batch, listener, "batch", "store", "store_groups", share),
            Target(grown, listener, f"update_{most}", SAME, f"update_{least}", 0.7),
            Target(overload, listener, "overload", NONE, "", 0.85),
        ]
    return found


def _same_promises(sizes: Sizes) -> list[Target]:
    """Return the ratios to the peer with the same promises, which are measured and explained."""
    titles = _titles(sizes)
    jobs = [
        *("update_hot", "update_hot_64", "update_hot_ids", "update_hot_synced", "update_many"),
        *("rank_hot", "rank_big", "top10_busy", "latency", "update_hot_one", "rank_hot_one"),
    ]
    return [
        Target(titles[job], "front", job, SCRIPTS, job, None, 1.0, at_most)
        for job in jobs
        for at_most in (job == "latency" or job.endswith("_one"),)
    ]
