"""The data folder: its owner, its permissions, its path and the files in it."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import uvloop

from embedded_valkey.counting_service import process_of
from embedded_valkey.embedded_stores import (
    CountingService,
    make_folder,
    mode_of,
    names_in,
    running,
    stores_in,
)
from leaderboard_server.embedded_valkey import (
    DataFolderInUse,
    DataFolderUnusable,
    EmbeddedStore,
    folder,
)


async def test_second_service_is_rejected(data_dir: Path) -> None:
    """The error names the process that owns the folder, and its store keeps running."""
    service = CountingService(data_dir)
    await service.counting()
    with pytest.raises(DataFolderInUse, match=f"is in use by process {service.process.pid}$"):
        await EmbeddedStore(data_dir).__aenter__()
    await service.counting(at_least=len(service.printed("counted")) + 10)
    assert [stores_in(data_dir)] == service.printed("open")


async def test_folder_is_released_by_its_service(data_dir: Path) -> None:
    """One process may open the folder repeatedly, but not twice at a time."""
    async with running(data_dir):
        with pytest.raises(DataFolderInUse):
            await EmbeddedStore(data_dir).__aenter__()
    async with running(data_dir) as client:
        assert await client.ping()
    assert stores_in(data_dir) == []


async def test_folder_and_socket_are_closed_to_others(data_dir: Path) -> None:
    """Only their owner may use folder and socket, even if the folder was open to all before."""
    make_folder(data_dir, 0o755)
    async with running(data_dir):
        assert mode_of(data_dir) == 0o700
        assert mode_of(data_dir / "store.sock") == 0o700


async def test_foreign_folder_stays_untouched(data_dir: Path) -> None:
    """A folder that has other files and is open to other users is rejected and not changed."""
    make_folder(data_dir, 0o755, "letter.txt")
    with pytest.raises(DataFolderUnusable, match="it holds other files"):
        await EmbeddedStore(data_dir).__aenter__()
    assert names_in(data_dir) == {"letter.txt"}
    assert mode_of(data_dir) == 0o755


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("d" * 120, r"bytes too long .* choose a shorter --data-dir$"),
        (os.fsdecode(b"\xff"), "its path is not UTF-8"),
        ("file", "File exists"),
    ],
)
async def test_unusable_folder_is_reported(data_dir: Path, name: str, reason: str) -> None:
    """A folder that can't hold a store is rejected, with the reason in one line."""
    (data_dir.parent / "file").touch()
    with pytest.raises(DataFolderUnusable, match=reason) as caught:
        await EmbeddedStore(data_dir.parent / name).__aenter__()
    assert "\n" not in str(caught.value)


async def test_any_path_works(data_dir: Path) -> None:
    """A path may have spaces, quotes, wildcards, backslashes and non-Latin letters."""
    async with running(data_dir / "a \"b'\t%20\\x41?*[#;ü") as client:
        assert await client.ping()


async def test_unfinished_rewrites_are_removed(data_dir: Path) -> None:
    """Files of a rewrite that a kill interrupted are removed."""
    unfinished = ["temp-rewriteaof-7.aof", "temp-rewriteaof-bg-7.aof"]
    make_folder(data_dir, 0o700, *unfinished)
    async with running(data_dir):
        assert not {*unfinished} & names_in(data_dir)


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_store_inherits_no_files_of_the_service(
    data_dir: Path, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """The store has no file of the service open, even an inheritable one, on any event loop."""

    async def files_of_the_store() -> set[str]:
        """Return the files that are open in a running store."""
        async with running(data_dir) as client:
            return {file.path for file in psutil.Process(await process_of(client)).open_files()}

    secret = data_dir.parent / "secret"
    descriptor = os.open(secret, os.O_RDWR | os.O_CREAT)
    os.set_inheritable(descriptor, True)  # noqa: FBT003 - it has no keyword
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            files = runner.run(files_of_the_store())
    finally:
        os.close(descriptor)
    assert str(secret) not in files
    assert str(data_dir / "service.lock") not in files


def test_large_log_is_rotated(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store's log stays bounded, and its tail is of the last run alone."""
    monkeypatch.setattr(folder, "MAX_LOG_BYTES", 10)
    data_dir.mkdir()
    store_log = folder.StoreLog(data_dir / "store.log")
    for line in (b"first run\n", b"second run\n", b"third run\n"):
        with store_log.open() as output:
            output.write(line)
        assert store_log.tail() == line.decode().strip()
    assert (data_dir / "store.log.old").read_bytes() == b"first run\nsecond run\n"
    assert (data_dir / "store.log").read_bytes() == b"third run\n"
