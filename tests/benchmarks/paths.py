"""Paths of the benchmark, and the core of each process."""

import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build" / "benchmarks"
BINARIES = BUILD / "bin"
LOAD = BINARIES / "load"
SEED_GO = BINARIES / "seed"
GO_SCRIPTS = BINARIES / "scripts"
SCRIPTS = BUILD / "scripts"
"""The service's scripts as it sends them, for the peer in Go that runs them."""
PEERS = HERE / "peers"
PAGE = ROOT / "docs" / "benchmarks.md"
PLOTS = ROOT / "docs" / "benchmarks"
RULES_PAGE = PLOTS / "rules.md"
LEADERBOARD = Path(sys.executable).with_name("leaderboard")

SERVER_CORES = "0"
"""The core of the server that is measured: one for each, in every run."""


def other_cores() -> str:
    """Return the cores that are left for the store and the load.

    Raises:
        RuntimeError: There are none.
    """
    left = sorted(os.sched_getaffinity(0) - {int(SERVER_CORES)})
    if not left:
        raise RuntimeError("a benchmark needs two cores: one for the server, one for its load")
    return ",".join(map(str, left))


def pinned(cores: str, command: Iterable[str]) -> list[str]:
    """Return the command that runs a command on these cores.

    Raises:
        RuntimeError: There is no taskset.
    """
    taskset = shutil.which("taskset")
    if not taskset:
        raise RuntimeError("taskset is missing: it comes with util-linux")
    return [taskset, "-c", cores, *command]
