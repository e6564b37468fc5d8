"""Runs the masters of a small cluster, or one plain node, for a measurement.

They keep nothing on disk and have no replicas, so that the figures are of their cores alone.
"""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import psutil
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from harness.cluster import ClusterNodeProcess
from harness.stores import Flavour, StoreProcess
from harness.waiting import eventually

_SETTINGS = {"appendonly": "no", "appendfsync": "no"}


class Nodes:
    """Running nodes that share the contests."""

    def __init__(self, nodes: Sequence[StoreProcess]) -> None:
        self._nodes = nodes
        self._processes = [psutil.Process(node.process.pid) for node in nodes]

    @property
    def in_cluster(self) -> bool:
        """Whether they are a cluster."""
        return len(self._nodes) > 1

    @property
    def sockets(self) -> list[Path]:
        """The unix socket of each node."""
        return [node.socket for node in self._nodes]

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """The host and port of each node."""
        return [("127.0.0.1", node.port) for node in self._nodes]

    @property
    def url(self) -> str:
        """The URL, as the service takes it."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self._nodes)
        return f"redis+cluster://{hosts}" if self.in_cluster else f"redis://{hosts}/0"

    def of(self, contest_id: str) -> int:
        """Return the number of the node that has a contest."""
        return key_slot(contest_id.encode()) * len(self._nodes) // REDIS_CLUSTER_HASH_SLOTS

    def pin(self, cores: set[int]) -> None:
        """Let the nodes share these cores."""
        for process in self._processes:
            for thread in process.threads():
                os.sched_setaffinity(thread.id, cores)

    def cpu_s(self) -> float:
        """Return the CPU time of all nodes in seconds."""
        times = [process.cpu_times() for process in self._processes]
        return float(sum(each.user + each.system for each in times))


@asynccontextmanager
async def running_nodes(folder: Path, flavour: Flavour, count: int) -> AsyncIterator[Nodes]:
    """Run a plain node, or a cluster where there are several, until the end of the context."""
    async with AsyncExitStack() as stack:
        if count == 1:
            nodes: Sequence[StoreProcess] = [StoreProcess(flavour, folder, **_SETTINGS)]
        else:
            nodes = masters = [
                ClusterNodeProcess(flavour, folder / f"shard-{number}", **_SETTINGS)
                for number in range(count)
            ]
        for node in nodes:
            stack.callback(node.end)
            await node.start()
        if count > 1:
            await _form(masters)
        yield Nodes(nodes)


async def _form(masters: Sequence[ClusterNodeProcess]) -> None:
    """Give each master its share of the slots, and wait until all know all."""
    count = len(masters)
    bounds = [-(-REDIS_CLUSTER_HASH_SLOTS * number // count) for number in range(count + 1)]
    for number, node in enumerate(masters):
        await node.run("CLUSTER SET-CONFIG-EPOCH", number + 1)
        await node.run("CLUSTER ADDSLOTSRANGE", bounds[number], bounds[number + 1] - 1)
    for node in masters[1:]:
        await masters[0].run("CLUSTER MEET", "127.0.0.1", node.port, node.bus_port)

    async def complete() -> bool:
        infos = [await node.run("CLUSTER INFO") for node in masters]
        return all(
            (info["cluster_state"], info["cluster_size"]) == ("ok", str(count)) for info in infos
        )

    await eventually(complete, "a complete cluster", within=20)
