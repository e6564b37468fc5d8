"""Raises the limit of open files, and derives from it how many connections a listener may hold."""

import contextlib
import resource
from typing import NamedTuple

RESERVED_FILES = 64
"""Open files besides the connections of callers: those to the store, the sockets of the listener,
logs, TLS files and the interpreter's own. A server has about 30 of them."""
MOST_CONNECTIONS = 1_000_000
"""The limit of connections where the limit of open files is larger or there is none."""


class OpenFiles(NamedTuple):
    """The limit of open files of this process."""

    before: int
    """The soft limit that the process was started with."""
    now: int
    """The soft limit in force."""


def raise_open_files() -> OpenFiles:
    """Raise the soft limit of open files to the hard limit; child processes inherit it."""
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A system may have a lower bound of its own than the hard limit, and rejects it then.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    now, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return OpenFiles(before, now)


def max_connections(open_files: int | None = None, reserve: int = RESERVED_FILES) -> int:
    """Return how many connections of callers fit below a limit of open files.

    Args:
        open_files: The soft limit; by default that of this process.

        reserve: The files that are left for everything else, at most half of the limit.
    """
    if open_files is None:
        open_files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if open_files == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return min(max(open_files - reserve, open_files // 2, 1), MOST_CONNECTIONS)
