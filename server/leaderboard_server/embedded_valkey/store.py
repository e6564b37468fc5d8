"""Runs the embedded store while a service needs it, and restarts it whenever it ends."""

import asyncio
import signal
import socket
import subprocess
import threading
from concurrent.futures import Future
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import structlog

from leaderboard_server.embedded_valkey.errors import StoreStartFailed
from leaderboard_server.embedded_valkey.folder import DataFolder, StoreLog
from leaderboard_server.embedded_valkey.launch import allocator, launch
from leaderboard_server.embedded_valkey.orphan import end_orphan
from leaderboard_server.embedded_valkey.usage import UsageGauges
from leaderboard_server.metrics.instruments import Instruments
from leaderboard_server.tasks import BackgroundTask, RestartBackoff

_log = structlog.get_logger()

_START_TIMEOUT_S = 30.0
"""How long a starting store may not answer at all. It opens its socket within milliseconds and then
answers that it is loading, however long that takes; this is for a machine under heavy load, and for
another store whose end it may have to wait for."""

_POLL_S = 0.02
"""How often a starting store is pinged: well below the time its start takes."""

_PING_TIMEOUT_S = 5.0
"""A store that loads answers between two steps of loading, not at any moment."""

STOP_TIMEOUT_S = 5.0
"""How long the store may take to stop by itself. At most it has to end a rewrite of its log:
acknowledged writes are on disk already, so killing it after that loses nothing."""


class EmbeddedStore:
    """Runs the Valkey server of one data folder.

    An async context manager. While it is open, this process owns the folder, and the store is
    restarted when it ends. The store ends with this process, even if that is killed. So open it in
    the main thread: the kernel takes the end of the opening thread for the end of the process.
    """

    def __init__(self, data_dir: Path, *, max_memory: int = 0) -> None:
        """Name the folder; nothing happens yet.

        Args:
            data_dir: Created if it does not exist, and closed to other users.

            max_memory: The bytes from which on the store refuses writes, 0 for no limit.
        """
        self._max_memory = max_memory
        self._folder = DataFolder(data_dir)
        self._exit = AsyncExitStack()

    @property
    def url(self) -> str:
        """The URL of the store for the driver; it stays the same after every restart."""
        return f"unix://{quote(str(self._folder.socket))}"

    def usage(self, instruments: Instruments) -> UsageGauges:
        """Return the gauges of what the store takes."""
        return UsageGauges(self._folder.path, self._folder.socket, instruments)

    async def __aenter__(self) -> Self:
        """Own the folder, end a store that was left running on it, and start one.

        Raises:
            DataFolderInUse: Another service owns the folder.
            DataFolderUnusable: The folder can't be created or must not be used.
            StoreStartFailed: The store does not start.
        """
        async with AsyncExitStack() as stack:
            self._folder.prepare()
            await stack.enter_async_context(self._folder.owned())
            await end_orphan(self._folder.socket)
            self._process = await self._start()
            stack.push_async_callback(self._stop)
            supervision = BackgroundTask(self._keep_running, name="store-supervisor")
            supervision.start()
            stack.push_async_callback(supervision.close)
            self._exit = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the store and release the folder."""
        await self._exit.aclose()

    async def _start(self) -> "_StoreProcess":
        log = StoreLog(self._folder.log)
        process = _StoreProcess(launch(self._folder, log, self._max_memory), log)
        try:
            await process.until_ready(self._folder.socket)
        except BaseException:
            await process.stop()
            raise
        _log.info(
            "store_started",
            pid=process.pid,
            folder=str(self._folder.path),
            allocator=allocator(process.pid),
        )
        return process

    async def _stop(self) -> None:
        await self._process.stop()

    async def _keep_running(self) -> None:
        clock = asyncio.get_running_loop().time
        backoff = RestartBackoff()
        while True:
            started = clock()
            code = await self._process.ended()
            delay = backoff.next_delay(clock() - started)
            log_tail = self._process.log_tail()
            _log.error("store_ended", exit_code=code, log_tail=log_tail, restart_in_s=delay)
            await self._restart(backoff, delay)

    async def _restart(self, backoff: RestartBackoff, delay_s: float) -> None:
        """Start the store after a delay, and try again until it starts."""
        while True:
            await asyncio.sleep(delay_s)
            try:
                self._process = await self._start()
            except StoreStartFailed as error:
                delay_s = backoff.next_delay(ran_s=0.0)
                # The reason is complete; a traceback would add nothing to it.
                _log.error("store_restart_failed", reason=error.reason, restart_in_s=delay_s)
            else:
                return


class _StoreProcess:
    """The process of a store, from its launch to its end."""

    def __init__(self, process: subprocess.Popen[bytes], log: StoreLog) -> None:
        """Watch a process that was launched.

        Raises:
            StoreStartFailed: This process may have no more threads; the launched one was killed.
        """
        self.pid = process.pid
        self.log_tail = log.tail
        self._process = process
        self._end: Future[int] = Future()
        # Running futures can't be cancelled, so a cancelled wait doesn't affect this one.
        self._end.set_running_or_notify_cancel()
        # A thread can wait for the end with every event loop and on every system.
        try:
            threading.Thread(target=self._wait, name="store-end", daemon=True).start()
        except RuntimeError as error:
            process.kill()
            process.wait()
            raise StoreStartFailed(str(error)) from error

    async def ended(self) -> int:
        """Wait for the end of the process.

        Returns:
            Its exit code, or the negative number of the signal that ended it.
        """
        return await asyncio.wrap_future(self._end)

    async def until_ready(self, store_socket: Path) -> None:
        """Wait until the store has loaded its data and answers on its socket.

        Raises:
            StoreStartFailed: It ended, or does not answer.
        """
        clock = asyncio.get_running_loop().time
        answered_at = clock()
        while clock() - answered_at < _START_TIMEOUT_S:
            if self._end.done():
                raise self._failure(_describe_exit(self._end.result()))
            answer = await _ping(store_socket)
            if answer.startswith(b"+PONG"):
                return
            if answer.startswith(b"-LOADING"):
                answered_at = clock()
            await asyncio.sleep(_POLL_S)
        raise self._failure(f"it did not answer for {_START_TIMEOUT_S:g} s")

    async def stop(self) -> None:
        """Stop the process and wait for its end; kill it if it takes too long."""
        try:
            self._process.terminate()
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self.ended()
        except TimeoutError:
            pass
        finally:
            self._process.kill()
            await self.ended()

    def _wait(self) -> None:
        self._end.set_result(self._process.wait())

    def _failure(self, reason: str) -> StoreStartFailed:
        log_tail = self.log_tail()
        return StoreStartFailed(f"{reason}; its log ends with: {log_tail}" if log_tail else reason)


def _describe_exit(code: int) -> str:
    if code < 0:
        return f"it was ended by a signal ({signal.strsignal(-code)})"
    return f"it ended with exit code {code}"


async def _ping(store_socket: Path) -> bytes:
    """Return the answer to a PING, empty if there is none.

    Not with the driver: a cancellation during one of its commands can be lost, and one while it
    connects leaves the connection open. Either would keep a service from ending.
    """
    loop = asyncio.get_running_loop()
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(0)
            connection.connect(str(store_socket))
            async with asyncio.timeout(_PING_TIMEOUT_S):
                await loop.sock_sendall(connection, b"PING\r\n")
                return await loop.sock_recv(connection, 64)
    except OSError:  # such as a TimeoutError, or no file descriptor being left
        return b""
