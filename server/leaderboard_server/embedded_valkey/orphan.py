"""Ends a store that a killed service left running over its data folder.

On Linux the kernel ends a store with its service. This is for systems that can't, and for a store
that was started by hand.
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

_GRACES_S = {signal.SIGTERM: 2.0, signal.SIGKILL: 10.0}
"""How long the orphan may take after each signal: to sync and go, and to be taken down by the
kernel with all its memory."""

_POLL_S = 0.02
"""How often it is looked whether the orphan is gone: it is no child, so nobody tells."""

_DARWIN_SOL_LOCAL = 0
_DARWIN_LOCAL_PEERPID = 2
"""From <sys/un.h> of macOS; Python has no names for them."""


async def end_orphan(store_socket: Path) -> None:
    """End the process that listens on the folder's socket, if there is one, and wait for that.

    The caller owns the folder, so nobody needs that process any more. Once its socket is closed it
    writes no data: Valkey closes it last, and the kernel after all its threads have ended.

    Raises:
        StoreStartFailed: There is one, and it can't be ended.
    """
    pid = _listener(store_socket)
    if pid is None:
        return
    for number, grace in _GRACES_S.items():
        _log.warning("orphan_store_found", pid=pid, signal=number.name)
        _send(pid, number)
        if await _is_gone(store_socket, grace):
            return
    raise StoreStartFailed(f"the store that an earlier service left (process {pid}) does not end")


def _listener(store_socket: Path) -> int | None:
    """Return who listens on the socket, as the kernel says: also for a process that hangs.

    A process id from a file could belong to anyone by now; this one can't.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0)
        try:
            probe.connect(str(store_socket))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except OSError as error:  # such as a full queue of connections that it never took
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
    # 0 stands for a process of another container, and 1 for the one that runs this system.
    if pid <= 1:
        raise StoreStartFailed("a store runs over the data folder that is not visible from here")
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
    except PermissionError as error:
        raise StoreStartFailed(
            f"the store that was left over (process {pid}) belongs to another user"
        ) from error


async def _is_gone(store_socket: Path, within: float) -> bool:
    try:
        async with asyncio.timeout(within):
            while _listener(store_socket) is not None:  # noqa: ASYNC110 - nobody would set an event
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        return False
    return True
