"""The commands in README, run in their order in a fresh copy of the project."""

import os
import shutil
import signal
import socket
import subprocess
import time
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
            if block.command == "make run":
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


def _wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    host, _, port = address.rpartition(":")
    deadline = time.monotonic() + _START_S
    while server.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex((host, int(port))) == 0:
                return
        time.sleep(0.2)
    raise AssertionError("the server did not start")
