"""Runs two servers on one store for a whole module of tests, and injects faults.

The tests of the model are synchronous, so the asynchronous harness runs on an event loop in the
background.
"""

import asyncio
import itertools
from collections.abc import Sequence
from contextlib import ExitStack
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import redis

from harness.cluster_store import ClusterStore
from harness.proxy import StoreProxy
from harness.service import ServiceProcess
from harness.store_clock import StoreClock
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from model.background import BackgroundLoop
from model.board import Service
from model.cluster_faults import ClusterFaults
from model.epochs import Epochs
from model.fake_store import FakeStore
from model.records import Result, Top, Update
from model.remote import RemoteService
from model.watch import Watch

SERVERS = 2
BEGIN_MS = 1_800_000_000_000
"""The time of the store at first: a full hour of 2027."""
AHEAD_MS = 400
"""How far the clock of each server is ahead of that of the one before."""
MOST_STREAMS = 6


class Fault(StrEnum):
    """Faults. But for EMPTY_STORE no acknowledged write is lost."""

    KILL_SERVER = "SIGKILL to a server, and its restart"
    KILL_STORE = "SIGKILL to the store, and its restart"
    FLUSH_SCRIPTS = "SCRIPT FLUSH"
    LOSE_MESSAGES = "messages to a server that are lost"
    EMPTY_STORE = "FLUSHALL"
    """After this one there are no contests."""
    KILL_MASTER = "SIGKILL to a master in a cluster, and its replica takes over"
    FAIL_OVER = "a planned failover of every shard in a cluster"
    MOVE_SLOTS = "the slots of all contests in a cluster that are moved"


_OF_A_CLUSTER = {Fault.KILL_MASTER, Fault.FAIL_OVER, Fault.MOVE_SLOTS}


class Deployment:
    """Two servers on one store. Use it as a context manager."""

    def __init__(self, store: StoreProcess | ClusterStore | FakeStore, folder: Path) -> None:
        self._loop = BackgroundLoop()
        self._store = store
        self._proxies = [StoreProxy(*store.ports) for _ in range(SERVERS)]
        self._processes = [
            ServiceProcess(
                folder / f"server-{number}",
                redis_url=proxy.url,
                clock_ahead_ms=number * AHEAD_MS,
            )
            for number, proxy in enumerate(self._proxies)
        ]
        self._probes = ["probe"]
        self._cluster_faults: ClusterFaults
        if isinstance(store, ClusterStore):
            self._probes = [store.contests(shard, 1)[0] for shard in range(len(store.masters))]
            self._cluster_faults = ClusterFaults(store)
        self.clock = StoreClock(store.url)
        self.epochs = Epochs()
        self.servers = [RemoteService(process.address, self.epochs) for process in self._processes]
        self._names = itertools.count()
        self._cleanup = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as cleanup:
            cleanup.enter_context(self._loop)
            cleanup.callback(self._store.end)
            self._loop.run(self._store.start())
            cleanup.enter_context(self.clock)
            self.clock.set(BEGIN_MS)
            for proxy in self._proxies:
                cleanup.enter_context(self._loop.using(proxy))
            for server in self.servers:
                cleanup.callback(server.close)
            cleanup.callback(lambda: self._loop.run(self._close_processes()))
            self._loop.run(self._start_processes())
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._cleanup.close()

    def new_name(self) -> str:
        """Return a prefix that no contest of this deployment has."""
        return f"n{next(self._names)}"

    @property
    def faults(self) -> list[Fault]:
        """The faults of this store; the fake one has no persistence."""
        impossible = set[Fault]()
        if not isinstance(self._store, ClusterStore):
            impossible |= _OF_A_CLUSTER
        if isinstance(self._store, FakeStore):
            impossible.add(Fault.KILL_STORE)
        return [fault for fault in Fault if fault not in impossible]

    def open_watch(self, watch: Watch, model: Service, via: int) -> None:
        """Watch at a server, from the start or resumed."""
        watch.via = via
        self._loop.run(watch.open(self._processes[via].stub, model))

    def await_watch(self, watch: Watch, model: Service) -> None:
        """Wait until a watch has the current board of its contest, on further streams if needed."""
        for _ in range(MOST_STREAMS):
            self._loop.run(watch.catch_up(model))
            if watch.has_all(model):
                return
            self.open_watch(watch, model, watch.via)
        raise AssertionError(f"{watch} ends again and again")

    def await_begin(self, watch: Watch) -> None:
        """Wait until a watch follows its contest, as the first message of its stream says."""
        watcher = watch.watcher
        self._loop.run(watcher.until(lambda: watcher.checker.begun, "a message of the stream"))

    def await_deletion(self, watch: Watch) -> None:
        """Wait until the stream of a watch has ended because its contest was deleted."""
        self._loop.run(watch.watcher.closed())
        assert watch.watcher.checker.ended == pb.END_REASON_CONTEST_DELETED, str(watch)

    def close_watch(self, watch: Watch) -> None:
        """End a watch."""
        self._loop.run(watch.watcher.hang_up())

    def inject_fault(self, fault: Fault, via: int, contest_ids: Sequence[str]) -> None:
        """Inject a fault, of the server `via` or for all, and wait until all accept writes.

        The slots that are moved are those of `contest_ids`.
        """
        match fault:
            case Fault.KILL_SERVER:
                self._loop.run(self._kill_server(self._processes[via]))
            case Fault.KILL_STORE:
                self._loop.run(self._kill_store())
            case Fault.FLUSH_SCRIPTS:
                self._flush_scripts()
            case Fault.LOSE_MESSAGES:
                self._proxies[via].loses_messages = True
            case Fault.EMPTY_STORE:
                self.clock.flush_store()
            case Fault.KILL_MASTER:
                self._loop.run(self._cluster_faults.kill_master())
            case Fault.FAIL_OVER:
                self._loop.run(self._cluster_faults.fail_over())
            case Fault.MOVE_SLOTS:
                self._loop.run(self._cluster_faults.move_slots(contest_ids))
        for server in self.servers:
            self._loop.run(self._recovery(server, fault))

    def await_absence(self, contest_ids: Sequence[str]) -> None:
        """Wait until no server has contests any more that are gone."""

        async def are_absent(server: RemoteService) -> bool:
            tops = [await asyncio.to_thread(server.top, contest_id) for contest_id in contest_ids]
            return all(isinstance(top, Top) and not top.position.history for top in tops)

        for server in self.servers:
            self._loop.run(eventually(partial(are_absent, server), "boards without a position"))

    def deliver_messages(self) -> None:
        """End the loss of messages."""
        for proxy in self._proxies:
            proxy.loses_messages = False

    def _flush_scripts(self) -> None:
        for port in self._store.ports:
            with redis.Redis(port=port) as client:
                client.script_flush()

    async def _recovery(self, server: RemoteService, fault: Fault) -> None:
        """Wait until a server accepts writes, in each shard of a cluster."""
        event = f"a write that is accepted after {fault}"
        for contest in self._probes:
            await eventually(partial(asyncio.to_thread, _accepts_writes, server, contest), event)

    async def _start_processes(self) -> None:
        for process in self._processes:
            process.launch()
        for process in self._processes:
            await self._health(process)

    async def _close_processes(self) -> None:
        for process in self._processes:
            await process.close()

    async def _kill_server(self, process: ServiceProcess) -> None:
        await process.kill()
        await process.start()

    async def _kill_store(self) -> None:
        assert not isinstance(self._store, FakeStore), "it would lose everything"
        await self._store.kill()
        await self._store.start()
        for process in self._processes:
            await self._health(process)

    async def _health(self, process: ServiceProcess) -> None:
        async def is_serving() -> bool:
            return await process.health() == "SERVING"

        await eventually(is_serving, "SERVING from the health of a server")


def _accepts_writes(server: RemoteService, contest_id: str) -> bool:
    probe = Update(contest_id=contest_id, user_id="probe", request_id="probe")
    return isinstance(server.update(probe, wait_for_ready=True), Result)
