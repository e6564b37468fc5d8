"""The memory limit of embedded stores, and its default."""

import contextlib
import os
from pathlib import Path

import pytest
from redis.exceptions import OutOfMemoryError

from embedded_valkey.counting_service import connected
from leaderboard_server.embedded_valkey import EmbeddedStore
from leaderboard_server.embedded_valkey.memory import available_memory

_INSTALLED = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


async def test_store_refuses_writes_beyond_its_memory(data_dir: Path) -> None:
    """A full store evicts nothing, and has room again with a larger limit."""
    async with (
        EmbeddedStore(data_dir, max_memory=3_000_000) as store,
        connected(store.url) as client,
    ):
        written = 0
        with contextlib.suppress(OutOfMemoryError):
            while written < 1_000:
                await client.set(str(written), "x" * 10_000)
                written += 1
        assert 0 < written < 1_000
        assert await client.get("0") == b"x" * 10_000
    async with (
        EmbeddedStore(data_dir, max_memory=0) as store,
        connected(store.url) as client,
    ):
        assert await client.dbsize() == written
        await client.set("more", "x")


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        pytest.param("0::/", {"memory.max": "1000000"}, 1_000_000, id="container, version 2"),
        pytest.param("0::/", {"memory.max": "max"}, _INSTALLED, id="no limit, version 2"),
        pytest.param(
            "0::/user/app",
            {"user/app/memory.max": "max", "user/memory.max": "2000000"},
            2_000_000,
            id="limit of a group around it",
        ),
        pytest.param(
            "5:cpu,cpuacct:/x\n4:memory:/docker/abc\n0::/",
            {"memory/memory.limit_in_bytes": "3000000"},
            3_000_000,
            id="container, version 1",
        ),
        pytest.param(
            "4:memory:/app",
            {"memory/app/memory.limit_in_bytes": str(2**63 - 4096)},
            _INSTALLED,
            id="no limit, version 1",
        ),
        pytest.param("", {}, _INSTALLED, id="no control groups"),
    ],
)
def test_memory_is_that_of_the_control_group(
    tmp_path: Path, groups: str, files: dict[str, str], expected: int
) -> None:
    """The smallest limit holds: of the process's group, of those around it, or of the machine."""
    (tmp_path / "groups").write_text(groups)
    for name, text in files.items():
        file = tmp_path / "root" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")

    assert available_memory(tmp_path / "root", tmp_path / "groups") == expected


def test_memory_of_a_system_without_control_groups_is_that_of_the_machine(tmp_path: Path) -> None:
    """Where nothing names them, what is installed counts."""
    assert available_memory(tmp_path, tmp_path / "none") == _INSTALLED
