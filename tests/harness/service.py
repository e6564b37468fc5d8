"""Runs the real service as its users do: the installed `leaderboard serve`, in its own process."""

import asyncio
import contextlib
import os
import signal
import sys
import sysconfig
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from harness.ports import free_port
from harness.processes import ChildProcess
from harness.waiting import eventually
from leaderboard.v1.contests_pb2_grpc import ContestServiceStub
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

SERVICE_NAME = "leaderboard.v1.LeaderboardService"
CONTEST_SERVICE_NAME = "leaderboard.v1.ContestService"

CHANNEL_OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 100),
)
"""Options of a test's channel: no proxy, a connection of its own, and quick reconnects."""


LISTENERS = ("grpcio", "front") if find_spec("leaderboard_front") else ("grpcio",)
"""The listeners that are installed."""
_listener = os.environ.get("LEADERBOARD_TEST_LISTENER", "grpcio")


@contextlib.contextmanager
def listening_with(listener: str) -> Iterator[None]:
    """Use a listener in the services that are made within the block."""
    global _listener  # noqa: PLW0603 - tests make services in many places
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before


def listener_in_use() -> str:
    """Return the listener of services that are made now."""
    return _listener


class ServiceProcess:
    """
    A service in its own process, on the same loopback port across restarts.

    As a context manager it starts with the block and is gone after it. Its log is printed at the
    end, which pytest shows for failed tests only.
    """

    def __init__(
        self,
        folder: Path,
        *options: str,
        redis_url: str | None = None,
        data_dir: Path | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        clock_ahead_ms: int | None = None,
    ) -> None:
        """
        Make a service.

        Args:
            folder: The folder of its log.
            options: Further options of `serve`.
            redis_url: The store; without one it is embedded.
            data_dir: The folder of the embedded store.
            credentials: Those of the channel.
            clock_ahead_ms: The test sets the clock of the store (see `store_clock`); the clock of
                the service is so much ahead of that of this machine.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.address = f"127.0.0.1:{free_port()}"
        self._credentials = credentials
        self._log = folder / "service.log"
        self._clock_ahead_ms = clock_ahead_ms
        command = [str(Path(sysconfig.get_path("scripts")) / "leaderboard")]
        if clock_ahead_ms is not None:
            command = [sys.executable, "-m", "harness.clocked_serve"]
        self._command = [
            *command,
            *("serve", "--address", self.address, "--listener", _listener),
            *(("--redis-url", redis_url) if redis_url else ()),
            *(("--data-dir", str(data_dir)) if data_dir else ()),
            *options,
        ]
        self._started: list[ChildProcess] = []
        self._channel: grpc.aio.Channel | None = None

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def process(self) -> ChildProcess:
        """The process that runs, or ran last."""
        assert self._started, "the service was never started"
        return self._started[-1]

    @property
    def channel(self) -> grpc.aio.Channel:
        """The channel to the service, one for the whole life of this object."""
        if self._channel is None:
            self._channel = self.new_channel(self._credentials)
        return self._channel

    def new_channel(self, credentials: grpc.ChannelCredentials | None = None) -> grpc.aio.Channel:
        """Return a channel with a connection of its own, which the caller closes."""
        if credentials is None:
            return grpc.aio.insecure_channel(self.address, options=CHANNEL_OPTIONS)
        return grpc.aio.secure_channel(self.address, credentials, options=CHANNEL_OPTIONS)

    @property
    def stub(self) -> LeaderboardServiceStub:
        """The calls of the service."""
        return LeaderboardServiceStub(self.channel)

    @property
    def contests(self) -> ContestServiceStub:
        """The calls of the service of contests."""
        return ContestServiceStub(self.channel)

    async def start(self, *, within: float = 20.0) -> None:
        """
        Start the service and wait until its health is SERVING.

        Raises:
            AssertionError: It doesn't become healthy.
            RuntimeError: It exited; the text has its log.
        """
        self.launch()
        await eventually(self._serves, "SERVING from the service's health", within=within)

    def launch(self) -> None:
        """Start the service and wait for nothing."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("LEADERBOARD_")
        }
        if self._clock_ahead_ms is not None:
            paths = str(Path(__file__).parents[1]), environment.get("PYTHONPATH")
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
            environment["TEST_CLOCK_AHEAD_MS"] = str(self._clock_ahead_ms)
        self._started.append(ChildProcess(self._command, self._log, environment))

    async def health(self) -> str:
        """Return the health of the service: SERVING, NOT_SERVING, … or UNREACHABLE."""
        request = health_pb2.HealthCheckRequest(service=SERVICE_NAME)
        try:
            answer = await health_pb2_grpc.HealthStub(self.channel).Check(request, timeout=2)
        except grpc.aio.AioRpcError:
            return "UNREACHABLE"
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))

    async def kill(self) -> None:
        """End the service with SIGKILL, as a crash would."""
        self.process.signal(signal.SIGKILL)
        await self.process.exited()

    def ask_to_stop(self) -> None:
        """Send SIGTERM and wait for nothing."""
        self.process.signal(signal.SIGTERM)

    async def terminate(self, *, within: float = 20.0) -> int:
        """
        End the service with SIGTERM.

        Args:
            within: Seconds to wait for its end.

        Returns:
            The exit code.
        """
        self.ask_to_stop()
        return await self.process.exited(within=within)

    async def restart(self) -> None:
        """Terminate the service and start it again on the same port."""
        await self.terminate()
        await self.start()

    async def close(self) -> None:
        """End the service in any state, and print its log."""
        if self._channel is not None:
            await self._channel.close()
            self._channel = None
        for process in self._started:
            process.end()
        if self._started:
            print(f"--- log of the service at {self.address}\n{self.process.log_tail(200)}")  # noqa: T201

    async def _serves(self) -> bool:
        code = self.process.exit_code
        if code is not None:
            raise RuntimeError(f"the service exited with {code}:\n{self.process.log_tail()}")
        return await self.health() == "SERVING"


class Pair(NamedTuple):
    """Two servers on one store, one of them through a proxy."""

    direct: ServiceProcess
    proxied: ServiceProcess


@contextlib.asynccontextmanager
async def all_serving(*services: ServiceProcess) -> AsyncIterator[None]:
    """Run services for a block, started concurrently since a start takes a second."""
    try:
        await asyncio.gather(*(service.start() for service in services))
        yield
    finally:
        for service in services:
            await service.close()
