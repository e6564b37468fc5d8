"""Runs the store of all servers of a campaign, on the other cores."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import redis

from benchmarks.paths import other_cores, pinned
from harness.processes import ChildProcess
from harness.stores import Flavour
from leaderboard_server.embedded_valkey import exec_valkey
from leaderboard_server.embedded_valkey.launch import allocator, valkey_server

_START_S = 180.0
"""A store with tens of millions of users loads them at its start."""


@dataclass(frozen=True)
class AppendOnlyFile:
    """The file in which a store keeps every write."""

    folder: Path
    """An existing folder, on a disk where speed is measured."""
    sync: str
    """When the file is synced: the value of `appendfsync`."""


class RunningStore:
    """A store that starts empty."""

    def __init__(self, process: ChildProcess, socket: Path) -> None:
        self._process = psutil.Process(process.pid)
        self.socket = socket
        self.client = redis.Redis(unix_socket_path=str(socket), socket_timeout=600)

    def cpu_s(self) -> float:
        """Return the CPU time of the store in seconds."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """Return the memory of the data in bytes."""
        return int(self.info("memory")["used_memory"])

    def resident(self) -> int:
        """Return the memory of the process in bytes."""
        return int(self._process.memory_info().rss)

    def info(self, section: str) -> dict[str, Any]:
        """Return what the store says of itself."""
        info = self.client.info(section)
        assert isinstance(info, dict)
        return info

    def size(self, name: str) -> int:
        """Return the memory of a key in bytes; 0 if there is none."""
        found: Any = self.client.memory_usage(name, samples=0)
        return int(found or 0)

    def facts(self) -> str:
        """Return the allocator, and the settings by which the store keeps writes."""
        settings = self.client.config_get("append*")
        assert isinstance(settings, dict)
        kept = "no append-only file"
        if settings["appendonly"] == "yes":
            kept = f"append-only file with `appendfsync {settings['appendfsync']}`"
        return f"{allocator(self._process.pid)}, {kept}"


@contextlib.contextmanager
def running_store(
    folder: Path, file: AppendOnlyFile | None = None, flavour: Flavour = Flavour.VALKEY
) -> Iterator[RunningStore]:
    """Run a store until the end of the context.

    Args:
        folder: The existing folder for its socket.

        file: Its append-only file; None to keep no data.

        flavour: Its kind.
    """
    socket = folder / "store.sock"
    settings = {
        "port": "0",
        "unixsocket": str(socket),
        "dir": str(file.folder if file else folder),
        "save": "",
        "appendonly": "yes" if file else "no",
        "appendfsync": file.sync if file else "no",
    }
    command = _launch(folder, flavour)
    command += [part for name, value in settings.items() for part in (f"--{name}", value)]
    process = ChildProcess(pinned(other_cores(), command), folder / "store.log")
    try:
        store = RunningStore(process, socket)
        _until_ready(store, process)
        yield store
        store.client.close()
    finally:
        process.end()


def _launch(folder: Path, flavour: Flavour) -> list[str]:
    if flavour is Flavour.REDIS:
        return [str(flavour.executable())]
    # As the service starts its embedded store, with the allocator that it finds.
    launcher = [sys.executable, "-I", "-S", str(Path(exec_valkey.__file__)), str(os.getpid())]
    return [*launcher, str(folder / "store.lock"), str(valkey_server())]


def _until_ready(store: RunningStore, process: ChildProcess) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.exit_code is None:
        with contextlib.suppress(redis.ConnectionError):
            if store.client.ping():
                return
        time.sleep(0.02)
    raise RuntimeError(f"the store does not start:\n{process.log_tail()}")
