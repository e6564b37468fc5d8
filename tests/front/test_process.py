"""A listener in a process of its own: memory, and the end of the interpreter."""

import subprocess
import sys

SCRIPT = """
import asyncio
from leaderboard_front import Handlers, Listener, Settings, Status

async def main():
    async def echo(request):
        return request
    settings = Settings(address="127.0.0.1:0")
    listener = Listener(settings, Handlers(unary={"/a.B/C": echo}), lambda error: Status(2, ""))
    await listener.start()

asyncio.run(main())
print("done")
"""


def test_a_process_ends_with_a_listener_that_was_not_stopped() -> None:
    """The thread of a forgotten listener doesn't keep the process, and doesn't crash it."""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == b"done\n"
