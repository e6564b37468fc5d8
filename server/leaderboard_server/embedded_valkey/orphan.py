"""Ends a store that a killed service left running on its data folder.

On Linux the kernel ends a store with its service. This is for other systems, and for a store that
was started by hand.
"""

import asyncio
import os
import signal
import socket
import struct
import sys
from pathlib import Path

import structlog

from leaderboard_server.embedded_valkey.errors import StoreStartFailed

_log = structlog.get_logger()

_TIMEOUTS_S = {signal.SIGTERM: 2.0, signal.SIGKILL: 10.0}
"""How long the orphan may take to end after each signal: to sync its data, and for the kernel to
free all its memory."""

_POLL_S = 0.02
"""How often the socket is checked: the orphan is no child, so its end is not reported."""

_DARWIN_SOL_LOCAL = 0
_DARWIN_LOCAL_PEERPID = 2
"""From <sys/un.h> of macOS; Python has no names for them."""


async def end_orphan(store_socket: Path) -> None:
    """End the process that listens on the folder's socket, if there is one, and wait for its end.

    The caller owns the folder, so nobody uses that process any more. Once its socket is closed it
    writes no data: Valkey closes the socket last, and the kernel after all threads have ended.

    Raises:
        StoreStartFailed: There is an orphan, and it can't be ended.
    """
    pid = _listening_process(store_socket)
    if pid is None:
        return
    for number, timeout_s in _TIMEOUTS_S.items():
        _log.warning("orphan_store_found", pid=pid, signal=number.name)
        _send(pid, number)
        if await _ends_within(store_socket, timeout_s):
            return
    raise StoreStartFailed(f"the store that an earlier service left (process {pid}) does not end")


def _listening_process(store_socket: Path) -> int | None:
    """Return the process that listens on the socket, according to the kernel; it may hang.

    A process id from a file could be that of any other process by now.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0)
        try:
            probe.connect(str(store_socket))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except OSError as error:  # such as a full queue of connections that it never accepted
            raise StoreStartFailed(f"{store_socket}: {error.strerror}") from error
        return _peer(probe)


def _peer(connected: socket.socket) -> int:
    if sys.platform == "linux":
        size = struct.calcsize("3i")
        credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        pid: int = struct.unpack("3i", credentials)[0]
        return pid
    return connected.getsockopt(_DARWIN_SOL_LOCAL, _DARWIN_LOCAL_PEERPID)


def _send(pid: int, number: signal.Signals) -> None:
    # 0 stands for a process of another container, and 1 is the process that runs this system.
    if pid <= 1:
        raise StoreStartFailed("a store runs on the data folder that is not visible from here")
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
    except PermissionError as error:
        raise StoreStartFailed(
            f"the store that was left over (process {pid}) belongs to another user"
        ) from error


async def _ends_within(store_socket: Path, timeout_s: float) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            while _listening_process(store_socket) is not None:  # noqa: ASYNC110 - no event exists
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        return False
    return True
