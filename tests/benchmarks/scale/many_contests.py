"""Measures updates of many contests on one node and on the shards of a cluster."""

import asyncio
import itertools
import os
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from benchmarks.paths import SERVER_CORES, other_cores
from benchmarks.scale.nodes import Nodes, running_nodes
from benchmarks.store_alone import random_updates, recorded_commits, send_for
from harness.stores import Flavour
from harness.uncounted import store_instruments
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage.backend import open_backend
from leaderboard_server.storage.scripts import COMMIT
from leaderboard_server.storage.store import Retention, Store

SHARDS = 3

_IN_FLIGHT = 64
_CALLERS = 256
_MADE_FOR = 45_000
"""Updates a second for which commands are recorded."""


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    contests: int = 1_000
    users: int = 100
    """Users of each contest."""
    seconds: float = 3.0

    @property
    def contest_ids(self) -> list[str]:
        """The contests."""
        return [f"c{number}" for number in range(self.contests)]


@dataclass(frozen=True)
class Result:
    """Updates, each in a commit of its own."""

    caller: str
    """What made the calls."""
    shards: int
    cores: int
    """The cores that the nodes shared, in the last row with the caller."""
    rate: float
    """Updates in a second."""
    nodes_us: float
    """CPU time of the nodes for each, in microseconds."""
    caller_us: float
    """CPU time of the process that made the calls, likewise."""


class _Meter:
    """The time that passes, and the CPU time that nodes and this process use."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self.seconds, self.nodes_s, self.caller_s = self._now()

    def stop(self) -> None:
        """Keep what was used since the beginning."""
        began = self.seconds, self.nodes_s, self.caller_s
        used = [now - then for now, then in zip(self._now(), began, strict=True)]
        self.seconds, self.nodes_s, self.caller_s = used

    def _now(self) -> tuple[float, float, float]:
        return time.monotonic(), self._nodes.cpu_s(), time.process_time()


async def measure(
    folder: Path, flavour: Flavour, plan: Plan, report: Callable[[str], None]
) -> list[Result]:
    """Measure one node and a cluster, by recorded commands and by a `Store`.

    Args:
        folder: An empty folder.

        flavour: The kind of store.

        plan: How much is measured.

        report: Called with a line before each step.
    """
    caller, others = {int(SERVER_CORES)}, {int(core) for core in other_cores().split(",")}
    rows: list[tuple[str, _Made, set[int], set[int]]] = [
        ("the service's `Store`", _by_store, others, caller),
        ("recorded commands", _recorded, others, caller),
        ("recorded commands", _recorded, others | caller, others | caller),
    ]
    results = []
    for shards in (1, SHARDS):
        async with running_nodes(folder / str(shards), flavour, shards) as nodes:
            await _fill(nodes, plan)
            for title, made, of_nodes, of_caller in rows:
                report(f"{shards} node(s) on {len(of_nodes)} core(s): {title}")
                nodes.pin(of_nodes)
                with _on(of_caller):
                    done, used = await made(nodes, plan)
                results.append(
                    Result(
                        title,
                        shards,
                        len(of_nodes),
                        done / used.seconds,
                        1e6 * used.nodes_s / done,
                        1e6 * used.caller_s / done,
                    )
                )
    return results


_Made = Callable[[Nodes, Plan], Awaitable[tuple[int, _Meter]]]


@contextmanager
def _on(cores: set[int]) -> Iterator[None]:
    """Run this thread, and those that it starts, on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


async def _fill(nodes: Nodes, plan: Plan) -> None:
    for path in nodes.sockets:
        with redis.Redis(unix_socket_path=str(path)) as client:
            client.script_load((COMMIT.for_cluster if nodes.in_cluster else COMMIT).source)
    groups = [
        [ScoreUpdate(contest_id, f"u{number}", number) for number in range(plan.users)]
        for contest_id in plan.contest_ids
    ]
    _send(nodes, await _commands(nodes, groups), time.monotonic() + 600)


async def _commands(nodes: Nodes, groups: Sequence[Sequence[ScoreUpdate]]) -> list[list[bytes]]:
    """Return a commit of each group, by the number of its node."""
    of_nodes: list[list[bytes]] = [[] for _ in nodes.sockets]
    commits = await recorded_commits(groups, in_cluster=nodes.in_cluster)
    for updates, commit in zip(groups, commits, strict=True):
        of_nodes[nodes.of(updates[0].contest_id)].append(commit)
    return of_nodes


async def _recorded(nodes: Nodes, plan: Plan) -> tuple[int, _Meter]:
    count = round(_MADE_FOR * len(os.sched_getaffinity(0)) * plan.seconds) + len(nodes.sockets)
    groups = list(random_updates(plan.contest_ids, plan.users, 1, count))
    commands = await _commands(nodes, groups)
    meter = _Meter(nodes)
    done = _send(nodes, commands, time.monotonic() + plan.seconds)
    meter.stop()
    return done, meter


def _send(nodes: Nodes, commands: Sequence[Sequence[bytes]], end: float) -> int:
    """Send to all nodes at once; return the number of acknowledged commits."""

    def send(path: Path, of_node: Sequence[bytes]) -> int:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(path))
            return send_for(line, of_node, _IN_FLIGHT, end)

    with ThreadPoolExecutor(len(nodes.sockets)) as threads:
        return sum(threads.map(send, nodes.sockets, commands))


async def _by_store(nodes: Nodes, plan: Plan) -> tuple[int, _Meter]:
    backend = open_backend(nodes.url)
    store = Store(
        backend.writes,
        backend.reads,
        Retention(),
        store_instruments(),
        in_cluster=backend.in_cluster,
    )
    try:
        for contest_id in plan.contest_ids:  # which registers them
            await store.commit(contest_id, [ScoreUpdate(contest_id, "u0", 1)])
        meter = _Meter(nodes)
        done = await _commit_for(store, plan)
        meter.stop()
        return done, meter
    finally:
        await backend.close()


async def _commit_for(store: Store, plan: Plan) -> int:
    """Commit for some seconds, with many callers; return the number of commits."""
    end = time.monotonic() + plan.seconds

    async def caller(contest_ids: Sequence[str]) -> int:
        users = itertools.cycle(f"u{number}" for number in range(plan.users))
        for done, contest_id in enumerate(itertools.cycle(contest_ids)):
            if time.monotonic() >= end:
                return done
            await store.commit(contest_id, [ScoreUpdate(contest_id, next(users), 1)])
        raise AssertionError("a caller without contests")

    # One commit of a contest is in flight at a time.
    callers = min(_CALLERS, plan.contests)
    of_callers = [plan.contest_ids[number::callers] for number in range(callers)]
    return sum(await asyncio.gather(*(caller(some) for some in of_callers)))
