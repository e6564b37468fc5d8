"""The data folder: what lies where, who may enter it, and which service owns it."""

import asyncio
import fcntl
import os
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from leaderboard_server.embedded_valkey.errors import DataFolderInUse, DataFolderUnusable

_MAX_SOCKET_PATH = 107 if sys.platform == "linux" else 103
"""In bytes: what the kernel's address of a unix socket holds, without the closing zero."""

_OWNER_PATIENCE_S = 1.0
"""How long an owner is waited for: one that was just killed keeps its lock until the kernel has
taken its memory down, and its successor must not fail for that."""

_OWNER_POLL_S = 0.02
"""There is no way to wait for a lock with a time limit but to try again."""


class DataFolder:
    """A folder that holds the data of one store and all that belongs to its process."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.socket = self.path / "store.sock"
        self.log = self.path / "store.log"
        self.process_lock = self.path / "store.lock"
        """Locked by the store's process for as long as it lives."""
        self._owner_lock = self.path / "service.lock"

    def prepare(self) -> None:
        """Create the folder where needed and see that nobody else may enter it.

        Raises:
            DataFolderUnusable: Its path is too long or no UTF-8, it can't be created, or others may
                enter it and it holds files that are none of the store's.
        """
        self._check_path()
        with self._usable():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if stat.S_IMODE(self.path.stat().st_mode) & 0o077:
                self._close_to_others()

    @asynccontextmanager
    async def owned(self) -> AsyncIterator[None]:
        """Own the folder: no other service gets it meanwhile.

        The lock goes with this process, however it ends. It is not passed on to child processes.

        Raises:
            DataFolderInUse: Another service owns it.
            DataFolderUnusable: The lock file can't be opened.
        """
        with self._usable():
            lock = os.open(self._owner_lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            await self._acquire(lock)
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)  # for people, and for the one refused
            yield
        finally:
            os.close(lock)

    def remove_leftovers(self) -> None:
        """Remove the unfinished rewrites of the log that a killed store left.

        Nobody else ever would, and each may be as large as the data.
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
        deadline = clock() + _OWNER_PATIENCE_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if clock() > deadline:
                    raise DataFolderInUse(self.path, _owner_named_in(lock)) from None
            else:
                return
            await asyncio.sleep(_OWNER_POLL_S)


def _owner_named_in(lock: int) -> int | None:
    text = os.pread(lock, 32, 0).strip()
    return int(text) if text.isdigit() else None
