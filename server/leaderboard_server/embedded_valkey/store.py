"""Runs the embedded store for as long as a service needs it, and again whenever it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import structlog

from leaderboard_server.embedded_valkey.errors import StoreStartFailed
from leaderboard_server.embedded_valkey.folder import DataFolder
from leaderboard_server.embedded_valkey.launch import launch
from leaderboard_server.embedded_valkey.log import StoreLog
from leaderboard_server.embedded_valkey.orphan import end_orphan
from leaderboard_server.embedded_valkey.process import StoreProcess

_log = structlog.get_logger()

_FIRST_DELAY_S = 0.1
_LAST_DELAY_S = 5.0
"""How long a store that fails again and again stays away at most: who frees a full disk should not
have to wait much longer to see it back."""

_STEADY_AFTER_S = 10.0
"""A store that ran for this long does not fail again and again: it is started at once."""


class EmbeddedStore:
    """Runs the Valkey server that belongs to one data folder.

    An async context manager. While it is open, this process owns the folder, and the store is
    started again when it ends. The store ends with this process, also when that is killed, so open
    it in the thread that the process lives in: the kernel takes the end of that thread for the end.
    """

    def __init__(self, data_dir: Path) -> None:
        """Name the folder; nothing happens yet.

        Args:
            data_dir: Created if it does not exist, and closed to other users.
        """
        self._folder = DataFolder(data_dir)
        self._exit = AsyncExitStack()

    @property
    def url(self) -> str:
        """Where the store listens, as the driver takes it; the same after every restart."""
        return f"unix://{quote(str(self._folder.socket))}"

    async def __aenter__(self) -> Self:
        """Take the folder, end a store that was left in it, start one and wait until it answers.

        Raises:
            DataFolderInUse: Another service owns the folder.
            DataFolderUnusable: The folder can't be created or must not be used.
            StoreStartFailed: The store does not start.
        """
        async with AsyncExitStack() as stack:
            self._folder.prepare()
            await stack.enter_async_context(self._folder.owned())
            await end_orphan(self._folder.socket)
            await stack.enter_async_context(self._supervised(await self._start()))
            self._exit = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the store and give the folder free."""
        await self._exit.aclose()

    async def _start(self) -> StoreProcess:
        log = StoreLog(self._folder.log)
        process = StoreProcess(launch(self._folder, log), log)
        try:
            await process.until_ready(self._folder.socket)
        except BaseException:
            await process.stop()
            raise
        _log.info("store_started", pid=process.pid, folder=str(self._folder.path))
        return process

    @asynccontextmanager
    async def _supervised(self, process: StoreProcess) -> AsyncIterator[None]:
        """Keep the store running, then stop whichever process it is by now."""
        self._process = process
        supervisor = asyncio.create_task(self._keep_running(), name="store-supervisor")
        try:
            yield
        finally:
            supervisor.cancel()
            try:
                await asyncio.wait([supervisor])
            finally:
                await self._process.stop()

    async def _keep_running(self) -> None:
        clock = asyncio.get_running_loop().time
        delay = 0.0
        while True:
            started = clock()
            code = await self._process.wait()
            if clock() - started > _STEADY_AFTER_S:
                delay = 0.0
            words = self._process.last_words()
            _log.error("store_ended", exit_code=code, last_words=words, restart_in_s=delay)
            delay = await self._start_again(delay)

    async def _start_again(self, delay: float) -> float:
        """Start the store, as often as it takes, and return the delay before the next time."""
        while True:
            await asyncio.sleep(delay)
            delay = min(max(2 * delay, _FIRST_DELAY_S), _LAST_DELAY_S)
            try:
                self._process = await self._start()
            except StoreStartFailed as error:
                # The reason says it all, a trace would not add to it.
                _log.error("store_restart_failed", reason=error.reason, restart_in_s=delay)
            else:
                return delay
