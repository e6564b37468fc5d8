"""The allocator of embedded stores: jemalloc where the system has it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from embedded_valkey.counting_service import process_of
from embedded_valkey.embedded_stores import running
from leaderboard_server.embedded_valkey import exec_valkey

_KNOWN = subprocess.run(
    [shutil.which("ldconfig", path="/sbin:/usr/sbin") or "true", "-p"],
    capture_output=True,
    text=True,
    check=True,
).stdout
_with_jemalloc = pytest.mark.skipif(
    exec_valkey.ALLOCATOR not in _KNOWN, reason="the system has no jemalloc"
)


def _libraries(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


@_with_jemalloc
async def test_jemalloc_of_the_system_is_used(data_dir: Path) -> None:
    """The store has loaded it, counts its memory by it, and the log of the service names it."""
    with capture_logs() as logs:
        async with running(data_dir) as client:
            assert exec_valkey.ALLOCATOR in _libraries(await process_of(client))
            await client.set("value", b"x" * 10_000_000)
            assert 10_000_000 <= (await client.memory_usage("value") or 0) < 13_000_000
    (started,) = [entry for entry in logs if entry["event"] == "store_started"]
    assert started["allocator"] == "jemalloc"


@pytest.mark.parametrize(
    ("try_out", "used"),
    [
        pytest.param("exit 0", exec_valkey.ALLOCATOR, id="fits", marks=_with_jemalloc),
        pytest.param("echo cannot be preloaded >&2", "none", id="missing"),
        pytest.param("exit 1", "none", id="does not fit"),
    ],
)
def test_a_library_that_does_not_fit_is_left_out(data_dir: Path, try_out: str, used: str) -> None:
    """The store starts without the library if its server complains or fails with it."""
    data_dir.mkdir()
    server = data_dir / "server"
    script = f'[ "$1" = --version ] && {{ {try_out}; exit; }}\necho "$1 ${{LD_PRELOAD:-none}}"'
    server.write_text(f"#!/bin/sh\n{script}\n")
    server.chmod(0o700)
    start = (sys.executable, "-I", "-S", exec_valkey.__file__, str(os.getpid()))

    store = subprocess.run(
        [*start, str(data_dir / "store.lock"), str(server), "started"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert store.stdout == f"started {used}\n"
    assert not store.stderr
