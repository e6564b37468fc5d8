"""Builds what is written in Go: the load and the peer, with the peer's stubs made anew."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.places import BINARIES, BUILD, HERE, LOAD, ROOT, SEED_GO

_GENERATORS = (
    "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12",
    "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2",
)
_MODULE = "github.com/leaderboard/leaderboard/clients/go"
_STUBS = BUILD / "stubs"
_TOOLS = ROOT / ".tools" / "bin"


def build() -> None:
    """Build everything; what is up to date takes a second.

    Raises:
        subprocess.CalledProcessError: Something doesn't build; it was told on standard error.

        RuntimeError: There is no Go.
    """
    if not shutil.which("go"):
        raise RuntimeError("the load is written in Go: install Go 1.26 or later")
    BINARIES.mkdir(parents=True, exist_ok=True)
    for generator in _GENERATORS:
        _run(["go", "install", generator], ROOT, {"GOBIN": str(_TOOLS)})
    _make_stubs()
    _run(["go", "build", "-o", str(LOAD), "."], HERE / "load")
    _run(["go", "build", "-o", str(SEED_GO), "."], HERE / "peers" / "seed_go")


def _make_stubs() -> None:
    """Make the module that the peer's go.mod replaces the Go client's stubs with."""
    shutil.rmtree(_STUBS, ignore_errors=True)
    _STUBS.mkdir(parents=True)
    _STUBS.joinpath("go.mod").write_text(f"module {_MODULE}\n\ngo 1.26\n", encoding="utf-8")
    protos = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("protos/leaderboard/v1/*"))
    options = [
        part
        for plugin in ("go", "go-grpc")
        for part in (f"--{plugin}_out={_STUBS}", f"--{plugin}_opt=module={_MODULE}")
    ]
    path = f"{_TOOLS}{os.pathsep}{os.environ['PATH']}"
    compiler = [sys.executable, "-m", "grpc_tools.protoc", "-Iprotos"]
    _run([*compiler, *options, *protos], ROOT, {"PATH": path})


def _run(command: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    subprocess.run(command, cwd=folder, env=os.environ | (environment or {}), check=True)
