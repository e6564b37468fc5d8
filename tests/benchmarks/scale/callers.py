"""Measures what a call to a cluster costs this process, by each of three ways to call one.

The script adds one to a number, so that the sum of all numbers tells whether the work was done.
"""

import asyncio
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from redis.asyncio import RedisCluster

from benchmarks.load import LoadError
from benchmarks.scale.nodes import Nodes, running_nodes
from harness.stores import Flavour
from leaderboard_server.storage.backend import open_backend
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from leaderboard_server.storage.scripts import Script

_MASTERS = 3
_ADD = Script("add", "return redis.call('INCR', KEYS[1])")
_KEYS = [f"number:{number}" for number in range(300)]

_Call: TypeAlias = Callable[[str], Awaitable[Any]]
"""Calls the script with a key."""


@dataclass(frozen=True)
class Plan:
    """
    How much is called.

    Attributes:
        rounds: How often each caller has its turn; the figure is the median.
        calls: The calls of a turn.
        in_flight: How many of them are in flight at once.
    """

    rounds: int = 5
    calls: int = 20_000
    in_flight: int = 100


@dataclass(frozen=True)
class Cost:
    """What a call costs the process that calls."""

    caller: str
    cpu_us: float
    """CPU time for each call, in microseconds."""


@dataclass(frozen=True)
class _Caller:
    name: str
    call: _Call
    keys: Sequence[str]


async def measure(folder: Path, plan: Plan) -> list[Cost]:
    """Call a small cluster by each of the callers in turn.

    Raises:
        LoadError: The script ran more or less often than it was called.
    """
    async with AsyncExitStack() as stack:
        nodes = await stack.enter_async_context(running_nodes(folder, Flavour.VALKEY, _MASTERS))
        callers = await _callers(nodes, stack)
        for caller in callers:  # connections are open, and each node knows the script
            await _take_turn(caller, len(_KEYS), plan.in_flight)
        costs: dict[str, list[float]] = {caller.name: [] for caller in callers}
        for _, caller in itertools.product(range(plan.rounds), callers):
            costs[caller.name].append(await _take_turn(caller, plan.calls, plan.in_flight))
        await _check(nodes, len(callers) * (len(_KEYS) + plan.rounds * plan.calls))
    return [Cost(name, statistics.median(found)) for name, found in costs.items()]


async def _callers(nodes: Nodes, stack: AsyncExitStack) -> list[_Caller]:
    host, port = nodes.addresses[0]
    driver = connect(f"redis://{host}:{port}")
    stack.push_async_callback(driver.aclose)
    one_node = PipelinedConnection(driver)
    stack.push_async_callback(one_node.close)
    backend = open_backend(nodes.url)
    stack.push_async_callback(backend.close)
    cluster = await stack.enter_async_context(RedisCluster(host=host, port=port))
    for address in nodes.addresses:
        client = connect(f"redis://{address[0]}:{address[1]}")
        await client.script_load(_ADD.source)
        await client.aclose()

    def call_cluster(key: str) -> Awaitable[Any]:
        return backend.writes.call("EVALSHA", _ADD.sha, 1, key)

    return [
        _Caller(
            "one node, `PipelinedConnection`",
            lambda key: one_node.call("EVALSHA", _ADD.sha, 1, key),
            [key for key in _KEYS if nodes.of(key) == 0],
        ),
        _Caller("cluster, `ClusterConnection`", call_cluster, _KEYS),
        _Caller(
            "cluster, `RedisCluster` of redis-py",
            lambda key: cluster.evalsha(_ADD.sha, 1, key),
            _KEYS,
        ),
    ]


async def _take_turn(caller: _Caller, calls: int, in_flight: int) -> float:
    """Return the CPU time for each call, in microseconds."""
    keys = itertools.islice(itertools.cycle(caller.keys), calls)
    used = time.process_time()
    while batch := list(itertools.islice(keys, in_flight)):
        await asyncio.gather(*map(caller.call, batch))
    return 1e6 * (time.process_time() - used) / calls


async def _check(nodes: Nodes, expected: int) -> None:
    host, port = nodes.addresses[0]
    async with RedisCluster(host=host, port=port) as cluster:
        found = sum([int(await cluster.get(key) or 0) for key in _KEYS])
    if found != expected:
        raise LoadError(f"{expected} calls added {found}")
