"""The measured servers, each started on a core of its own."""

import contextlib
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

import psutil

from benchmarks.layouts import Layout
from benchmarks.paths import (
    GO_SCRIPTS,
    LEADERBOARD,
    PEERS,
    SCRIPTS,
    SEED_GO,
    SERVER_CORES,
    pinned,
)
from harness.ports import free_port
from harness.processes import ChildProcess

_START_S = 20.0
_TAIL_CHARACTERS = 1_000
"""The maximum length of the shown log line of a server, which may have a trace."""


@dataclass(frozen=True)
class Server:
    """A server to measure."""

    name: str
    title: str
    layout: Layout
    command: Callable[[str, Path], list[str]]
    """The command, for an address of the server and the socket of the store."""
    environment: dict[str, str] = field(default_factory=dict)
    module: str = ""
    """A Python module that the server needs."""

    @property
    def missing(self) -> str:
        """The reason why the server can't run here; empty if it can."""
        if self.module and find_spec(self.module) is None:
            return f"{self.title} is left out: {self.module} is not installed"
        return ""


def _service(listener: str) -> Callable[[str, Path], list[str]]:
    def command(address: str, store: Path) -> list[str]:
        options = ["--listener", listener, "--address", address, "--redis-url", f"unix://{store}"]
        return [str(LEADERBOARD), "serve", *options, "--log-level", "warning"]

    return command


def _python_peer(name: str) -> Callable[[str, Path], list[str]]:
    def command(address: str, store: Path) -> list[str]:
        script = str(PEERS / f"{name}.py")
        return [sys.executable, script, "--address", address, "--redis-socket", str(store)]

    return command


def _seed_go(address: str, store: Path) -> list[str]:
    return [str(SEED_GO), "-address", address, "-redis-socket", str(store)]


def _go_scripts(address: str, store: Path) -> list[str]:
    options = ["-address", address, "-redis-socket", str(store), "-scripts", str(SCRIPTS)]
    return [str(GO_SCRIPTS), *options]


_ONE_CORE = {"GOMAXPROCS": "1"}

SERVERS = {
    server.name: server
    for server in (
        Server(
            "front",
            "the service, front",
            Layout.SERVICE,
            _service("front"),
            module="leaderboard_front",
        ),
        Server("grpcio", "the service, grpcio", Layout.SERVICE, _service("grpcio")),
        Server("seed_go", "Go", Layout.PLAIN, _seed_go, _ONE_CORE),
        Server("go_scripts", "Go with the same promises", Layout.SERVICE, _go_scripts, _ONE_CORE),
        Server("plain_python", "plain Python", Layout.PLAIN, _python_peer("plain_python")),
        Server("bare_grpcio", "bare grpcio", Layout.PLAIN, _python_peer("bare_grpcio")),
    )
}


class RunningServer:
    """A server's process while it is measured."""

    def __init__(self, address: str, child: ChildProcess) -> None:
        self.address = address
        self._child = child
        self._process = psutil.Process(child.pid)

    def log_tail(self) -> str:
        """Return a line break and the end of the last log line; empty without a log."""
        tail = self._child.log_tail(1)
        return f"\n{tail[-_TAIL_CHARACTERS:]}" if tail else ""

    def cpu_s(self) -> float:
        """Return the CPU time of the server in seconds."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """Return the memory of the server in bytes."""
        return int(self._process.memory_info().rss)


@contextlib.contextmanager
def running_server(server: Server, store: Path, log: Path) -> Iterator[RunningServer]:
    """Run a server on its core until the end of the context.

    Raises:
        RuntimeError: The server does not start; the text has the end of its log.
    """
    address = f"127.0.0.1:{free_port()}"
    command = pinned(SERVER_CORES, server.command(address, store))
    with running_command(server.title, command, address, log, server.environment) as running:
        yield running


@contextlib.contextmanager
def running_command(
    title: str,
    command: Sequence[str],
    address: str,
    log: Path,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[RunningServer]:
    """Run a command that listens at an address, until the end of the context.

    Args:
        title: What it is, for the text of an error.

        command: The command.

        address: HOST:PORT.

        log: The file for its output.

        environment: Variables beside those of this process, which lose their `LEADERBOARD_…`.

    Raises:
        RuntimeError: It does not start, or it ended; the text has the end of its log.
    """
    plain = {name: value for name, value in os.environ.items() if "LEADERBOARD" not in name}
    process = ChildProcess(command, log, plain | dict(environment))
    try:
        _until_listening(address, process)
        yield RunningServer(address, process)
        if process.exit_code is not None:
            raise RuntimeError(f"{title} ended:\n{process.log_tail()}")
    finally:
        process.end()


def _until_listening(address: str, process: ChildProcess) -> None:
    host, _, port = address.rpartition(":")
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.exit_code is None:
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"a server does not start:\n{process.log_tail()}")
