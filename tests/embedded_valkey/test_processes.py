"""The processes of embedded stores: orphans, restarts, and starts that fail."""

import asyncio
import errno
import os
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from embedded_valkey.counting_service import connected, process_of
from embedded_valkey.embedded_stores import (
    CountingService,
    answers,
    make_folder,
    newest_append_file,
    no_store_in,
    running,
    stores_in,
)
from harness.processes import ChildProcess
from harness.waiting import eventually
from leaderboard_server.embedded_valkey import (
    EmbeddedStore,
    StoreStartFailed,
    exec_valkey,
    launch,
)
from leaderboard_server.embedded_valkey.folder import DataFolder


@pytest.mark.parametrize("hangs", [False, True])
async def test_orphan_is_ended(data_dir: Path, *, hangs: bool) -> None:
    """A store that runs on the folder without a service ends before another one starts."""
    async with running(data_dir) as client:
        await client.set("before", "kept")
    orphan = ChildProcess(
        [str(launch.valkey_server()), *launch.arguments(DataFolder(data_dir), 0)],
        data_dir.parent / "orphan.log",
    )
    async with connected(f"unix://{data_dir / 'store.sock'}") as client:
        await eventually(lambda: answers(client), "an answer of the orphan")
        await client.set("by the orphan", "kept too")
    if hangs:
        orphan.signal(signal.SIGSTOP)
    async with running(data_dir) as client:
        assert await client.mget("before", "by the orphan") == [b"kept", b"kept too"]
        assert stores_in(data_dir) == [await process_of(client)]
    assert await orphan.exited() == (-signal.SIGKILL if hangs else 0)


async def test_two_stores_never_run_on_one_folder(data_dir: Path) -> None:
    """A store that starts while another one runs waits until the other has ended."""
    async with running(data_dir):
        second = ChildProcess(
            [
                *(sys.executable, exec_valkey.__file__, str(os.getpid())),
                *(str(data_dir / "store.lock"), "/bin/echo", "alone"),
            ],
            data_dir.parent / "second.log",
        )
        await eventually(lambda: "waiting" in second.log_tail(), "the second store to wait")
        assert second.exit_code is None
    assert await second.exited() == 0
    assert second.log_tail().endswith("alone")


async def test_store_does_not_start_without_its_service(data_dir: Path) -> None:
    """A store whose service ended before `die_with_parent` does not start."""
    make_folder(data_dir, 0o700)
    not_the_parent = 1
    store = ChildProcess(
        [
            *(sys.executable, exec_valkey.__file__, str(not_the_parent)),
            *(str(data_dir / "store.lock"), "/bin/echo", "started"),
        ],
        data_dir.parent / "store.log",
    )
    assert await store.exited() == 1
    assert store.log_tail() == "the service ended before its store started"


async def test_ctrl_c_leaves_the_store_to_the_service(data_dir: Path) -> None:
    """A SIGINT to the service's process group does not reach the store."""
    service = CountingService(data_dir)
    await service.counting()
    os.killpg(service.process.pid, signal.SIGINT)
    assert await service.process.exited() == 0
    [[last, store]] = service.printed("drained")
    assert last > service.acknowledged()
    assert [[store]] == service.printed("open")
    assert "SIGINT" not in (data_dir / "store.log").read_text()


async def test_store_that_cannot_start_reports_the_reason(data_dir: Path) -> None:
    """A start on broken data fails with the reason from the store's log, and leaves no process."""
    async with running(data_dir) as client:
        await client.set("whole", "kept")
    writes = newest_append_file(data_dir)
    sound = writes.read_bytes()
    writes.write_bytes(b"not a log of writes\r\n" + sound)
    with pytest.raises(StoreStartFailed, match=r"exit code 1; .*Bad file format") as caught:
        await EmbeddedStore(data_dir).__aenter__()
    assert "\n" not in str(caught.value)
    assert stores_in(data_dir) == []
    writes.write_bytes(sound)
    async with running(data_dir) as client:
        assert await client.get("whole") == b"kept"


async def test_missing_server_is_reported(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If no server is installed, the error names the option to use instead."""
    monkeypatch.setattr(launch, "WHEEL", "a-wheel-that-nobody-installed")
    with pytest.raises(StoreStartFailed, match="--redis-url"):
        await EmbeddedStore(data_dir).__aenter__()


async def test_store_that_fails_repeatedly_is_restarted(data_dir: Path) -> None:
    """A store that can't start after a crash is started until it can, with growing delays."""
    with capture_logs() as events:
        async with running(data_dir) as client:
            manifest = data_dir / "appendonlydir" / "appendonly.aof.manifest"
            sound = manifest.read_bytes()
            manifest.write_bytes(b"broken\n")
            os.kill(await process_of(client), signal.SIGKILL)
            failed = "store_restart_failed"
            await eventually(lambda: [e["event"] for e in events].count(failed) >= 2, failed)
            manifest.write_bytes(sound)
            await eventually(lambda: events[-1]["event"] == "store_started", "the store")
            assert await client.ping()
    delays = [e["restart_in_s"] for e in events if e["event"] == failed]
    assert delays[:2] == [0.1, 0.2]


async def test_store_is_restarted_once_file_descriptors_are_left(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that can open no socket while its store restarts goes on supervising it."""
    attempts: list[None] = []

    def fail(*_: object) -> socket.socket:
        attempts.append(None)
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    async with running(data_dir) as client:
        with monkeypatch.context() as patch:
            patch.setattr(socket, "socket", fail)
            os.kill(stores_in(data_dir)[0], signal.SIGKILL)
            await eventually(lambda: len(attempts) > 3, "attempts to ping the store")

        await eventually(lambda: answers(client), "an answer of the restarted store")


async def test_store_is_restarted_once_threads_are_left(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that can start no thread goes on supervising its store, and leaves no process."""
    attempts: list[None] = []

    def fail(_: threading.Thread) -> None:
        attempts.append(None)
        raise RuntimeError("can't start new thread")

    with capture_logs() as events:
        async with running(data_dir) as client:
            with monkeypatch.context() as patch:
                patch.setattr(threading.Thread, "start", fail)
                os.kill(stores_in(data_dir)[0], signal.SIGKILL)
                await eventually(lambda: len(attempts) > 1, "attempts to start the store")
                await eventually(lambda: not stores_in(data_dir), "the end of those processes")

            await eventually(lambda: answers(client), "an answer of the restarted store")
            assert stores_in(data_dir) == [await process_of(client)]
    failed = [entry for entry in events if entry["event"] == "store_restart_failed"]
    assert {entry["reason"] for entry in failed} == {"can't start new thread"}


@pytest.mark.parametrize("pause", [0.0, 0.01, 0.03, 0.05, 0.07, 0.09])
async def test_closing_does_not_wait_for_a_restart(data_dir: Path, pause: float) -> None:
    """A service that ends while its store is restarted ends at once, and leaves no process."""
    async with asyncio.timeout(10), running(data_dir) as client:
        os.kill(await process_of(client), signal.SIGKILL)
        await asyncio.sleep(pause)
    await no_store_in(data_dir)  # a look at the allocator may still be about to end
