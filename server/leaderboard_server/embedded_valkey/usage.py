"""Reads how much memory and disk an embedded store takes."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import NamedTuple

from leaderboard_server.metrics import catalogue
from leaderboard_server.metrics.instruments import Instruments

_TIMEOUT_S = 0.5
"""The time for the store's answer; one that is loading or hangs has none."""
_COMMANDS = b"INFO memory\r\nQUIT\r\n"


class Usage(NamedTuple):
    """What a store takes, in bytes; None where that is not known."""

    memory: int | None = None
    memory_limit: int | None = None
    """0 for no limit."""
    disk: int | None = None
    disk_free: int | None = None


class UsageGauges:
    """The gauges of one store, as of the latest call of `refresh`."""

    def __init__(self, folder: Path, store_socket: Path, instruments: Instruments) -> None:
        """Take the data folder and the store's socket."""
        self._folder = folder
        self._socket = store_socket
        self._usage = Usage()
        gauges = {
            catalogue.EMBEDDED_MEMORY: lambda: self._usage.memory,
            catalogue.EMBEDDED_MEMORY_LIMIT: lambda: self._usage.memory_limit,
            catalogue.EMBEDDED_DISK: lambda: self._usage.disk,
            catalogue.EMBEDDED_DISK_FREE: lambda: self._usage.disk_free,
        }
        for metric, read in gauges.items():
            instruments.set_gauge(metric, read)

    async def refresh(self) -> None:
        """Read what the store takes now."""
        memory, disk = await asyncio.gather(
            _memory(self._socket), asyncio.to_thread(_disk, self._folder)
        )
        self._usage = Usage(*memory, *disk)


async def _memory(store_socket: Path) -> tuple[int | None, int | None]:
    """Return the memory that a store takes, and its limit."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(store_socket)
            try:
                writer.write(_COMMANDS)
                answer = await reader.read(-1)
            finally:
                writer.close()
    except OSError:  # such as a TimeoutError
        return None, None
    lines = (line.partition(":") for line in answer.decode(errors="replace").splitlines())
    fields = {name: int(value) for name, _, value in lines if value.isdecimal()}
    return fields.get("used_memory"), fields.get("maxmemory")


def _disk(folder: Path) -> tuple[int | None, int | None]:
    """Return the size of all files of a folder, and the free space for them."""
    size = 0
    try:
        for parent, _, names in os.walk(folder):
            for name in names:
                try:
                    size += (Path(parent) / name).lstat().st_size
                except FileNotFoundError:
                    continue  # the store replaced it meanwhile
        return size, shutil.disk_usage(folder).free
    except OSError:
        return None, None
