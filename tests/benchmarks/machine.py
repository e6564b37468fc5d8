"""Describes the machine and the versions of a result."""

import os
import platform
import re
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

import psutil

from benchmarks.paths import HERE
from leaderboard_server.embedded_valkey.launch import valkey_server

_PACKAGES = ("grpcio", "protobuf", "redis", "hiredis", "uvloop")
_GO_MODULES = ("google.golang.org/grpc", "github.com/redis/go-redis/v9")

_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_SYNCS = 50

QUIET = 0.3
"""The load average under which a machine counts as quiet."""


def disturbance() -> str:
    """Return a text about the load of the machine; empty if it is idle."""
    load, _, _ = os.getloadavg()
    return f"the machine is busy (load average {load:.1f}): figures mean little" * (load > QUIET)


def disk(folder: Path) -> str:
    """Return a text about the disk of a folder: its file system, and how long a sync takes.

    Raises:
        RuntimeError: The folder is in memory.
    """
    mounted = [
        each for each in psutil.disk_partitions(all=True) if folder.is_relative_to(each.mountpoint)
    ]
    kind = max(mounted, key=lambda each: len(each.mountpoint)).fstype
    if kind in _IN_MEMORY:
        raise RuntimeError(f"{folder} is in memory ({kind}): the build folder must be on a disk")
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(_SYNCS):
            file.write(bytes(200))
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    return f"{kind}, where a sync takes {1000 * median(took):.2f} ms"


def describe() -> dict[str, str]:
    """Return the facts above a result, by name."""
    return {
        **describe_store_run(),
        "Go": ", ".join([_first_line(["go", "env", "GOVERSION"]), *_go_versions()]),
        "second witness": _first_line(["h2load", "--version"]),
    }


def describe_store_run() -> dict[str, str]:
    """Return the facts above a result of the store alone, by name."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "kernel": f"{platform.system()} {platform.release()}",
        "Python": ", ".join(
            [platform.python_version(), *(f"{name} {version(name)}" for name in _PACKAGES)]
        ),
        "store": store_version(),
    }


def store_version() -> str:
    """Return the name and the version of the store.

    Its `malloc` is left out: that of the build, also where the store runs with another one.
    """
    return _first_line([str(valkey_server()), "--version"]).partition(" sha=")[0]


def _processor() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return found.group(1) if found else platform.machine()


def _go_versions() -> list[str]:
    needed = HERE.joinpath("peers", "go", "go.mod").read_text(encoding="utf-8")
    return [
        f"{module.removesuffix('/v9').rpartition('/')[2]} {found.group(1)}"
        for module in _GO_MODULES
        if (found := re.search(rf"{re.escape(module)} (v\S+)", needed))
    ]


def _first_line(command: list[str]) -> str:
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return printed.strip().partition("\n")[0]
