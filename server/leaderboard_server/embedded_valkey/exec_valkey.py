"""Becomes the store: a process that locks its data folder and ends with its parent.

Run as a script, `exec_valkey.py PARENT_PID LOCK_FILE COMMAND...`: these steps must happen in the
child itself, and code between fork and exec is not safe in a service with many threads. The choice
of the allocator is here too, because it takes a process that the service need not wait for.
"""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys

_PR_SET_PDEATHSIG = 1

ALLOCATOR = "libjemalloc.so.2"
"""jemalloc, by the name that every distribution of Linux gives it; Valkey is usually built with
it, the Valkey of the wheel with the allocator of glibc."""


def die_with_parent(parent: int) -> None:
    """Make the kernel end this process when its parent ends, in whatever way.

    Only Linux can; elsewhere the next service on the folder ends a store that was left running.
    The signal is SIGKILL, because a store that is stopped or hangs would not act on any other, and
    a store that syncs before it acknowledges loses nothing by it.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        zero = ctypes.c_ulong(0)
        number = ctypes.c_ulong(signal.SIGKILL)
        if libc.prctl(_PR_SET_PDEATHSIG, number, zero, zero, zero) != 0:
            sys.exit(f"can't be tied to the service: {os.strerror(ctypes.get_errno())}")
    # The parent may have ended before the call.
    if os.getppid() != parent:
        sys.exit("the service ended before its store started")


def lock_data_dir(lock_file: str) -> None:
    """Wait until no other store runs on the folder, and keep others out while this one lives.

    The lock belongs to this process, through exec until its end. Children that the store forks to
    rewrite its log don't hold it.
    """
    lock = os.open(lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.stderr.write("waiting for the end of another store of this folder\n")
        sys.stderr.flush()
        fcntl.lockf(lock, fcntl.LOCK_EX)
    os.set_inheritable(lock, True)  # noqa: FBT003 - it has no keyword


def preload_allocator(server: str) -> None:
    """Have the store use jemalloc where the system has it; a commit then takes less time.

    The server is tried with it first. The loader goes on without a library that is missing or does
    not fit, and reports it; so does jemalloc itself on a system that it was not built for.
    """
    if sys.platform != "linux":
        return
    environment = {**os.environ, "LD_PRELOAD": ALLOCATOR}
    tried = subprocess.run(  # noqa: S603 - the command of the service itself
        [server, "--version"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if tried.returncode == 0 and not tried.stderr:
        os.environ.update(environment)


if __name__ == "__main__":
    die_with_parent(parent=int(sys.argv[1]))
    lock_data_dir(lock_file=sys.argv[2])
    preload_allocator(server=sys.argv[3])
    os.execv(sys.argv[3], sys.argv[3:])  # noqa: S606 - no shell is intended
