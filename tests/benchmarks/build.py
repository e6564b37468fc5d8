"""Builds the Go programs: the load generator, and the peers on the stubs of the Go client."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.paths import BINARIES, HERE, LOAD, SCRIPTS
from leaderboard_server.storage import scripts

_SHARED_SCRIPTS = {
    "commit": scripts.COMMIT,
    "ranks": scripts.RANKS,
    "top": scripts.TOP,
    "recover": scripts.RECOVER,
}


def build() -> None:
    """Build all programs, and write the scripts; a build that is up to date takes a second.

    Raises:
        subprocess.CalledProcessError: A build failed; its output is on standard error.

        RuntimeError: Go is not installed.
    """
    build_load()
    _run(["go", "build", "-o", f"{BINARIES}/", "./seed", "./scripts"], HERE / "peers" / "go")
    SCRIPTS.mkdir(exist_ok=True)
    for name, script in _SHARED_SCRIPTS.items():
        # by renaming, since a peer of another test run may be reading it
        new = SCRIPTS / f"{name}.{os.getpid()}"
        new.write_text(script.source, encoding="utf-8")
        new.rename(SCRIPTS / f"{name}.lua")


def build_load() -> None:
    """Build the load generator alone.

    Raises:
        subprocess.CalledProcessError: The build failed; its output is on standard error.

        RuntimeError: Go is not installed.
    """
    if not shutil.which("go"):
        raise RuntimeError("the load is written in Go: install Go 1.26 or later")
    BINARIES.mkdir(parents=True, exist_ok=True)
    _run(["go", "build", "-o", str(LOAD), "."], HERE / "load")


def _run(command: Sequence[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True)
