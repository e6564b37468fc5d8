"""Runs the store of all servers of a campaign, on the other cores."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import redis

from benchmarks.paths import other_cores, pinned
from harness.processes import ChildProcess
from leaderboard_server.embedded_valkey.launch import valkey_server

_START_S = 30.0


class RunningStore:
    """A Valkey that starts empty and keeps no data."""

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
        info = self.client.info("memory")
        assert isinstance(info, dict)
        return int(info["used_memory"])


@contextlib.contextmanager
def running_store(folder: Path, *, append_only: bool) -> Iterator[RunningStore]:
    """Run a store until the end of the context.

    Args:
        folder: The existing folder for its socket and data.

        append_only: Keep an append-only file, synced once a second.
    """
    socket = folder / "store.sock"
    settings = {
        "port": "0",
        "unixsocket": str(socket),
        "dir": str(folder),
        "save": "",
        "appendonly": "yes" if append_only else "no",
        "appendfsync": "everysec",
    }
    command = [str(valkey_server())]
    command += [part for name, value in settings.items() for part in (f"--{name}", value)]
    process = ChildProcess(pinned(other_cores(), command), folder / "store.log")
    try:
        store = RunningStore(process, socket)
        _until_ready(store, process)
        yield store
        store.client.close()
    finally:
        process.end()


def _until_ready(store: RunningStore, process: ChildProcess) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.exit_code is None:
        with contextlib.suppress(redis.ConnectionError):
            if store.client.ping():
                return
        time.sleep(0.02)
    raise RuntimeError(f"the store does not start:\n{process.log_tail()}")
