"""Manages the data folder of an embedded store: its files, its permissions and its owner."""

import asyncio
import fcntl
import os
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from io import FileIO
from pathlib import Path

from leaderboard_server.embedded_valkey.errors import DataFolderInUse, DataFolderUnusable

_MAX_SOCKET_PATH = 107 if sys.platform == "linux" else 103
"""In bytes: the size of a unix socket's address in the kernel, without the closing zero."""

_OWNER_TIMEOUT_S = 1.0
"""How long to wait for another owner: a process that was just killed keeps its lock until the
kernel has freed its memory, and its successor must not fail for that."""

_OWNER_POLL_S = 0.02
"""A lock can't be waited for with a time limit, only tried again."""

MAX_LOG_BYTES = 10 * 1024 * 1024
"""Years of normal operation. It is checked at each start, so the log of a store that fails again
and again is bounded too."""

_TAIL_LINES = 4
"""As much as fits into one line of text and still holds the cause."""

_TAIL_BYTES = 2048


class StoreLog:
    """The part of the store's log file that one run of the store writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._start = 0

    def open(self) -> FileIO:
        """Open the file for the process's output, after rotating it if it is too large."""
        if self._path.exists() and self._path.stat().st_size > MAX_LOG_BYTES:
            self._path.replace(self._path.with_suffix(".log.old"))
        file = FileIO(self._path, "a")
        self._start = file.tell()
        return file

    def tail(self) -> str:
        """Return the last lines of this run as one line, empty if they can't be read."""
        try:
            with FileIO(self._path) as file:
                file.seek(max(self._start, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
                lines = file.read().decode(errors="replace").split("\n")
        except OSError:
            return ""
        return " | ".join([line.strip() for line in lines if line.strip()][-_TAIL_LINES:])


class DataFolder:
    """A folder with the data of one store and the files of its process."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.socket = self.path / "store.sock"
        self.log = self.path / "store.log"
        self.process_lock = self.path / "store.lock"
        """Locked by the store's process as long as it lives."""
        self._owner_lock = self.path / "service.lock"

    def prepare(self) -> None:
        """Create the folder if needed, and close it to other users.

        Raises:
            DataFolderUnusable: Its path is too long or not UTF-8, it can't be created, or other
                users may enter it and it holds files that are not the store's.
        """
        self._check_path()
        with self._usable():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if stat.S_IMODE(self.path.stat().st_mode) & 0o077:
                self._close_to_others()

    @asynccontextmanager
    async def owned(self) -> AsyncIterator[None]:
        """Own the folder: no other service can own it during the block.

        The lock ends with this process, in whatever way, and is not inherited by child processes.

        Raises:
            DataFolderInUse: Another service owns it.
            DataFolderUnusable: The lock file can't be opened.
        """
        with self._usable():
            lock = os.open(self._owner_lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            await self._acquire(lock)
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)  # for people and for `DataFolderInUse`
            yield
        finally:
            os.close(lock)

    def remove_leftovers(self) -> None:
        """Remove unfinished rewrites of the log that a killed store left.

        The store never removes them, and each may be as large as the data.
        """
        for unfinished in self.path.glob("temp-rewriteaof-*.aof"):
            unfinished.unlink(missing_ok=True)

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DataFolderUnusable(self.path, error.strerror or str(error)) from error

    def _check_path(self) -> None:
        try:
            length = len(str(self.socket).encode())
        except UnicodeEncodeError as error:
            raise DataFolderUnusable(self.path, "its path is not UTF-8") from error
        if length > _MAX_SOCKET_PATH:
            raise DataFolderUnusable(
                self.path,
                f"its path is {length - _MAX_SOCKET_PATH} bytes too long for a unix socket in it;"
                " choose a shorter --data-dir",
            )

    def _close_to_others(self) -> None:
        is_ours = self._owner_lock.exists()
        is_empty = not any(self.path.iterdir())
        if not (is_ours or is_empty):
            raise DataFolderUnusable(
                self.path,
                "it holds other files and other users may enter it; choose a folder of its own"
                " as --data-dir, or allow it to yourself alone (chmod 700)",
            )
        self.path.chmod(0o700)

    async def _acquire(self, lock: int) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + _OWNER_TIMEOUT_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if clock() > deadline:
                    raise DataFolderInUse(self.path, _read_owner(lock)) from None
            else:
                return
            await asyncio.sleep(_OWNER_POLL_S)


def _read_owner(lock: int) -> int | None:
    text = os.pread(lock, 32, 0).strip()
    return int(text) if text.isdigit() else None
