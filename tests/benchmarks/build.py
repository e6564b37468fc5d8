"""Builds the Go programs: the load generator, and the peer on the stubs of the Go client."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.paths import BINARIES, HERE, LOAD


def build() -> None:
    """Build all programs; a build that is up to date takes a second.

    Raises:
        subprocess.CalledProcessError: A build failed; its output is on standard error.

        RuntimeError: Go is not installed.
    """
    if not shutil.which("go"):
        raise RuntimeError("the load is written in Go: install Go 1.26 or later")
    BINARIES.mkdir(parents=True, exist_ok=True)
    _run(["go", "build", "-o", str(LOAD), "."], HERE / "load")
    _run(["go", "build", "-o", f"{BINARIES}/", "./seed"], HERE / "peers" / "go")


def _run(command: Sequence[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True)
