"""Runs embedded stores and services that own one, and inspects their processes and files."""

import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from embedded_valkey import counting_service
from embedded_valkey.counting_service import connected
from harness.processes import ChildProcess
from harness.waiting import eventually
from leaderboard_server.embedded_valkey import EmbeddedStore

BOTH_LOOPS = pytest.mark.parametrize("loop", counting_service.LOOPS)


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[Redis]:
    """Run an embedded store and connect to it."""
    async with EmbeddedStore(data_dir) as store, connected(store.url) as client:
        yield client


def stores_in(data_dir: Path) -> list[int]:
    """Return the Valkey processes that work in the folder."""
    return [
        found.pid
        for found in psutil.process_iter(["name", "cwd", "status"])
        if found.info["name"] == "valkey-server"
        and found.info["cwd"] == str(data_dir)
        and found.info["status"] != psutil.STATUS_ZOMBIE
    ]


async def no_store_in(data_dir: Path) -> None:
    """Wait until no Valkey process works in the folder."""
    await eventually(lambda: not stores_in(data_dir), "the end of all stores in the folder")


async def counted_in(client: Redis) -> int:
    """Return the number that the counting services of this folder have reached."""
    return int(await client.get("count") or b"0")


def mode_of(path: Path) -> int:
    """Return the permissions of a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


def names_in(folder: Path) -> set[str]:
    """Return the names of the files in a folder."""
    return {entry.name for entry in folder.iterdir()}


def make_folder(path: Path, mode: int, *files: str) -> None:
    """Create a folder with some empty files, whatever the umask."""
    path.mkdir()
    path.chmod(mode)
    for file in files:
        (path / file).touch()


async def answers(client: Redis) -> bool:
    """Return whether a store has loaded its data and answers."""
    try:
        return bool(await client.ping())
    except RedisError:
        return False


def newest_append_file(data_dir: Path) -> Path:
    """Return the append-only file that the store writes."""
    return max((data_dir / "appendonlydir").glob("*.incr.aof"))


class CountingService:
    """A running `counting_service`."""

    def __init__(self, data_dir: Path, loop: str = "asyncio") -> None:
        self._log = data_dir.parent / f"service-{len(list(data_dir.parent.iterdir()))}.log"
        self.process = ChildProcess(
            [sys.executable, counting_service.__file__, str(data_dir), loop], self._log
        )

    def printed(self, word: str) -> list[list[int]]:
        """Return the numbers of each whole line that starts with the word."""
        lines = self._log.read_text().split("\n")[:-1]
        return [[int(n) for n in line.split()[1:]] for line in lines if line.startswith(f"{word} ")]

    async def counting(self, *, at_least: int = 20) -> None:
        """Wait until this number of counts was acknowledged."""
        try:
            await eventually(lambda: len(self.printed("counted")) >= at_least, "counting")
        except AssertionError as error:
            error.add_note(self.process.log_tail())
            raise

    def acknowledged(self) -> int:
        """Return the last acknowledged count, 0 before the first."""
        counts = self.printed("counted")
        return counts[-1][0] if counts else 0

    async def kill(self) -> None:
        """End the process with SIGKILL."""
        self.process.signal(signal.SIGKILL)
        await self.process.exited()
