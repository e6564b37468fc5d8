"""The commands in README, run in their order in a fresh copy of the project."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from documents.session import DURING_WATCH, Block, Session, blocks
from harness.ports import free_port

PROJECT = Path(__file__).parents[2]
_START_S = 600.0
"""Time for `make run` to set up its environment from cold caches."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]


@pytest.fixture(name="checkout")
def _checkout(tmp_path: Path) -> Path:
    """Copy the files of the project that git does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=PROJECT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (PROJECT / name).is_file():
            target = tmp_path / "checkout" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, target)
    return tmp_path / "checkout"


def test_every_command_of_the_readme(checkout: Path, tmp_path: Path) -> None:
    """All blocks succeed from top to bottom; `make test` is only a dry run."""
    assert DURING_WATCH in (checkout / "README.md").read_text(encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    environment = os.environ | {
        "LEADERBOARD_ADDRESS": address,
        "LEADERBOARD_DATA_DIR": str(tmp_path / "data"),
    }
    search_path = f"{checkout / '.venv' / 'bin'}{os.pathsep}{PROJECT / '.tools' / 'bin'}"
    session = Session(checkout, address, search_path)
    server: subprocess.Popen[bytes] | None = None
    try:
        for block in blocks(checkout / "README.md"):
            if block.command == "make run-web":
                _run_web(checkout, tmp_path)
            elif block.command == "make run":
                server = subprocess.Popen(
                    ["make", "run"], cwd=checkout, env=environment, start_new_session=True
                )
                _wait_for(address, server)
            else:
                _run(session, block)
    finally:
        if server:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)


def _run(session: Session, block: Block) -> None:
    if block.command == "make test":
        session.run(block._replace(command="make --dry-run test"))
    elif block.output is None:
        session.run(block)
    else:
        session.check(block)


def _run_web(checkout: Path, folder: Path) -> None:
    """Run the sample boards until one has moved, and end them as Ctrl-C does."""
    if not shutil.which("npm"):
        return
    service, gateway = (f"127.0.0.1:{free_port()}" for _ in range(2))
    environment = os.environ | {
        "LEADERBOARD_ADDRESS": service,
        "LEADERBOARD_WEB_ADDRESS": gateway,
    }
    log = folder / "run-web.log"
    with log.open("w") as output:
        run = subprocess.Popen(
            ["make", "run-web"],
            cwd=checkout,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait(lambda: f"http://{gateway}/boards" in log.read_text(), run)
        assert b"<html" in _read(f"http://{gateway}/boards")
        board = f"http://{gateway}/v1/contests/quiz-night/top"
        first = _read(board)
        _wait(lambda: _read(board) != first, run)
    finally:
        print(log.read_text())  # noqa: T201 - pytest shows it
        os.killpg(run.pid, signal.SIGINT)
        run.wait(30)
    for address in (service, gateway):
        assert not _accepts(address), f"{address} is still in use"


def _read(url: str) -> bytes:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as body:
        content: bytes = body.read()
        return content


def _wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    _wait(lambda: _accepts(address), server)


def _wait(holds: Callable[[], bool], process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < deadline:
        if holds():
            return
        time.sleep(0.2)
    raise AssertionError("it did not start")


def _accepts(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0
