"""A running Valkey server: the wait for its first answer, for its end, and its stop."""

import asyncio
import signal
import socket
import subprocess
import threading
from concurrent.futures import Future
from pathlib import Path

from leaderboard_server.embedded_valkey.errors import StoreStartFailed
from leaderboard_server.embedded_valkey.log import StoreLog

_SILENCE_S = 30.0
"""How long a starting store may say nothing at all. It opens its socket within milliseconds and
then says that it is loading, however long that takes; this is for a machine under great load, and
for the end of another store that it may have to wait for."""

_POLL_S = 0.02
"""How often a starting store is asked: well below what its start takes."""

_ANSWER_S = 5.0
"""How long one answer may take: a store that loads answers between two steps of loading, not at any
moment."""

_STOP_GRACE_S = 5.0
"""How long the store may take to stop by itself. It has to end a rewrite of its log at most: what
it acknowledged is on disk already, so nothing is lost when it is killed then."""


class StoreProcess:
    """The process of a store, from its launch to its end."""

    def __init__(self, process: subprocess.Popen[bytes], log: StoreLog) -> None:
        self.pid = process.pid
        self._process = process
        self._log = log
        self._end: Future[int] = Future()
        # Running futures can't be cancelled, so a cancelled wait leaves this one alone.
        self._end.set_running_or_notify_cancel()
        # A thread tells of the end with every event loop and on every system.
        threading.Thread(target=self._report_end, name="store-end", daemon=True).start()

    async def wait(self) -> int:
        """Wait for the end of the process.

        Returns:
            Its exit code, or the negative number of the signal that ended it.
        """
        return await asyncio.wrap_future(self._end)

    async def until_ready(self, store_socket: Path) -> None:
        """Wait until the store has loaded its data and answers.

        Args:
            store_socket: Where it listens.

        Raises:
            StoreStartFailed: It ended, or says nothing.
        """
        clock = asyncio.get_running_loop().time
        last_word = clock()
        while clock() - last_word < _SILENCE_S:
            if self._end.done():
                raise self._failure(_described(self._end.result()))
            answer = await _ping(store_socket)
            if answer.startswith(b"+PONG"):
                return
            if answer.startswith(b"-LOADING"):
                last_word = clock()
            await asyncio.sleep(_POLL_S)
        raise self._failure(f"it did not answer for {_SILENCE_S:g} s")

    def last_words(self) -> str:
        """Return the end of the store's log in one line."""
        return self._log.tail()

    async def stop(self) -> None:
        """Stop the process and wait until it is gone; kill it if it takes too long."""
        try:
            self._process.terminate()
            async with asyncio.timeout(_STOP_GRACE_S):
                await self.wait()
        except TimeoutError:
            pass
        finally:
            self._process.kill()
            await self.wait()

    def _report_end(self) -> None:
        self._end.set_result(self._process.wait())

    def _failure(self, reason: str) -> StoreStartFailed:
        words = self.last_words()
        return StoreStartFailed(f"{reason}; its log ends with: {words}" if words else reason)


def _described(code: int) -> str:
    if code < 0:
        return f"it was ended by a signal ({signal.strsignal(-code)})"
    return f"it ended with exit code {code}"


async def _ping(store_socket: Path) -> bytes:
    """Return the answer to a PING, empty if there is none.

    Not with the driver: a cancellation in the middle of a command of it can be lost, and one in the
    middle of its connecting leaves the connection open. Either would keep a service from ending.
    """
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(0)
        try:
            connection.connect(str(store_socket))
            async with asyncio.timeout(_ANSWER_S):
                await loop.sock_sendall(connection, b"PING\r\n")
                return await loop.sock_recv(connection, 64)
        except OSError:  # a TimeoutError is one
            return b""
