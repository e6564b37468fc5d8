"""
Runs a command that the kernel kills when the process that started it ends.

Run as a script: `python die_with_parent.py PARENT_PID COMMAND...`. The child itself must set the
signal, before the command replaces it. Only Linux has it; elsewhere the command runs without it.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Set the signal for the end of the parent, then execute the command."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("the test run ended before the tie was made")
    os.execv(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
