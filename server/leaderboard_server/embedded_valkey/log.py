"""The store's log file: bounded, and quoted when the store does not start."""

import os
from io import FileIO
from pathlib import Path

_MAX_BYTES = 10 * 1024 * 1024
"""Years of normal running. Each start looks, so a store that fails again and again is bounded."""

_TAIL_LINES = 4
"""What fits into one line for a person and still holds the cause."""

_TAIL_BYTES = 2048


class StoreLog:
    """The log of one run of the store."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._start = 0

    def open(self) -> FileIO:
        """Open the file for what the process prints, with the former one set aside if too large."""
        if self._path.exists() and self._path.stat().st_size > _MAX_BYTES:
            self._path.replace(self._path.with_suffix(".log.old"))
        file = FileIO(self._path, "a")
        self._start = file.tell()
        return file

    def tail(self) -> str:
        """Return the last lines of this run in one line, empty if they can't be read."""
        try:
            with FileIO(self._path) as file:
                file.seek(max(self._start, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
                lines = file.read().decode(errors="replace").split("\n")
        except OSError:
            return ""
        return " | ".join([line.strip() for line in lines if line.strip()][-_TAIL_LINES:])
