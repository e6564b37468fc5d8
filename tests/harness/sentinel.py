"""Runs a master, its replica and a sentinel, and starts failovers."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis.asyncio
import redis.exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from harness.ports import free_port
from harness.processes import ChildProcess
from harness.stores import Flavour, StoreProcess
from harness.waiting import eventually

SERVICE = "scores"
"""The service name of the stores in the sentinel."""

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
dir {folder}
sentinel monitor {service} 127.0.0.1 {master} 1
sentinel down-after-milliseconds {service} 500
sentinel failover-timeout {service} 2000
"""


class SentinelStores:
    """
    Two stores behind a sentinel; the first is the master, until it fails over.

    As a context manager they start with the block, in sync, and end with it.
    """

    def __init__(self, flavour: Flavour, folder: Path) -> None:
        self.port = free_port()
        self._flavour = flavour
        self._folder = folder / "sentinel"
        self.stores = tuple(StoreProcess(flavour, folder / name) for name in ("first", "second"))
        self._process: ChildProcess | None = None

    @property
    def url(self) -> str:
        """The URL of the sentinel, as the service takes it."""
        return f"redis+sentinel://127.0.0.1:{self.port}/{SERVICE}"

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            self.end()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """End all three processes, whatever their state."""
        for process in (self._process, *self.stores):
            if process is not None:
                process.end()

    def end_sentinel(self) -> None:
        """Kill the sentinel; the stores stay as they are."""
        assert self._process is not None
        self._process.end()

    @contextlib.asynccontextmanager
    async def sentinel_client(self) -> AsyncIterator[redis.asyncio.Redis]:
        """Open a client to the sentinel."""
        client = redis.asyncio.Redis(
            port=self.port, decode_responses=True, retry=Retry(NoBackoff(), 0), socket_timeout=10
        )
        async with client:
            yield client

    async def master(self) -> StoreProcess:
        """Return the store that the sentinel names as the master."""
        async with self.sentinel_client() as sentinel:
            _, port = await _run(sentinel, "SENTINEL GET-MASTER-ADDR-BY-NAME", SERVICE)
        return next(store for store in self.stores if store.port == port)

    async def becomes_master(self, store: StoreProcess, *, within: float = 20.0) -> None:
        """
        Wait until the sentinel names a store as the master.

        Raises:
            AssertionError: It doesn't.
        """

        async def named() -> bool:
            return await self.master() is store

        await eventually(named, "the other store as the master", within=within)

    async def fail_over(self) -> None:
        """Make the sentinel fail over to the other store, without waiting for it."""
        async with self.sentinel_client() as sentinel:
            await _run(sentinel, "SENTINEL FAILOVER", SERVICE)

    async def in_step(self) -> None:
        """
        Wait until the second store has replicated all writes of the first.

        Raises:
            AssertionError: It doesn't.
        """
        first, second = self.stores
        async with first.client() as master, second.client() as replica:

            async def same() -> bool:
                behind = await replica.info("replication")
                ahead = await master.info("replication")
                linked = behind["master_link_status"] == "up"
                return linked and bool(behind["slave_repl_offset"] == ahead["master_repl_offset"])

            await eventually(same, "a replica in sync")

    async def break_replication(self) -> None:
        """Disconnect the second store from the first, for good."""
        first, second = self.stores
        async with first.client() as master, second.client() as replica:
            await replica.config_set("masterauth", "not-the-password")
            await master.client_kill_filter(_type="replica")
            await eventually(lambda: _has_no_replica(master), "the end of the replication")

    async def _start(self) -> None:
        first, second = self.stores
        for store in self.stores:
            await store.start()
        async with first.client() as master, second.client() as replica:
            await master.config_set("repl-diskless-sync-delay", 0)
            await replica.replicaof("127.0.0.1", str(first.port))
        executable = self._flavour.executable()
        assert executable is not None, f"no executable of {self._flavour} was found"
        self._folder.mkdir(parents=True)
        configuration = self._folder / "sentinel.conf"
        configuration.write_text(
            _CONFIGURATION.format(
                port=self.port, folder=self._folder, service=SERVICE, master=first.port
            )
        )
        command = [str(executable), str(configuration), "--sentinel"]
        self._process = ChildProcess(command, self._folder / "sentinel.log")
        await eventually(self._can_fail_over, "a sentinel that knows a replica to promote")
        await self.in_step()

    async def _can_fail_over(self) -> bool:
        with contextlib.suppress(redis.exceptions.ConnectionError):
            async with self.sentinel_client() as sentinel:
                replicas = await _run(sentinel, "SENTINEL REPLICAS", SERVICE)
            return [replica["flags"] for replica in replicas] == ["slave"]
        return False


async def role(store: StoreProcess) -> str:
    """Return the role that a store reports: master or slave."""
    async with store.client() as client:
        return str((await client.info("replication"))["role"])


async def _run(client: redis.asyncio.Redis, *command: str) -> Any:
    run: Any = client.execute_command
    return await run(*command)


async def _has_no_replica(master: redis.asyncio.Redis) -> bool:
    return int((await master.info("replication"))["connected_slaves"]) == 0
