"""Starts the Valkey server's process over a data folder, with nothing of the service's in it."""

import os
import subprocess
import sys
from pathlib import Path

from leaderboard_server.embedded_valkey import exec_valkey, server_config
from leaderboard_server.embedded_valkey.binary import valkey_server
from leaderboard_server.embedded_valkey.errors import StoreStartFailed
from leaderboard_server.embedded_valkey.folder import DataFolder
from leaderboard_server.embedded_valkey.log import StoreLog

_ENVIRONMENT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TZ")
"""What the store gets of the service's environment: what the interpreter may need to load and the
time zone of the log. Whatever else is set there may be a secret."""


def launch(folder: DataFolder, log: StoreLog) -> subprocess.Popen[bytes]:
    """Start the server's process and return at once, before it answers.

    This forks without the event loop, within a millisecond or two: uvloop would hand inheritable
    files to the child and run every fork handler of the process, gRPC's among them.

    Args:
        folder: Owned by this process.

        log: Gets what the process prints.

    Raises:
        StoreStartFailed: There is no server for this platform, or no process can be started.
    """
    command = (
        *(sys.executable, "-I", "-S", str(Path(exec_valkey.__file__))),
        *(str(os.getpid()), str(folder.process_lock)),
        *(str(valkey_server()), *server_config.arguments(folder)),
    )
    try:
        folder.remove_leftovers()
        with log.open() as output:
            return subprocess.Popen(  # noqa: S603 - no shell, and no caller has a say in it
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
