"""A listener and its process: the end of the interpreter, and of a listener's thread."""

import asyncio
import signal
import subprocess
import sys
from typing import Any

import pytest

import leaderboard_front
from leaderboard_server.transport.front import FrontListener
from leaderboard_server.transport.listener import Endpoint, Limits, Services
from leaderboard_server.transport.observation import Observation

SCRIPT = """
import asyncio
from leaderboard_front import Handlers, Listener, Settings, Status

async def main():
    async def echo(request):
        return request
    listener = Listener(Settings(address="127.0.0.1:0", refusals={}), lambda error: Status(2, ""))
    await listener.start(Handlers(unary={"/a.B/C": echo}))

asyncio.run(main())
print("done")
"""


def test_a_process_ends_with_a_listener_that_was_not_stopped() -> None:
    """The thread of a listener that was not stopped neither keeps nor crashes the process."""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == b"done\n"


async def test_the_server_is_terminated_when_its_listener_ends_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without its listener the process gets SIGTERM, so that a supervisor can restart it."""
    terminated = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, terminated.set)
    made: list[leaderboard_front.Listener] = []
    new = leaderboard_front.Listener

    def recorded(*arguments: Any) -> leaderboard_front.Listener:
        made.append(new(*arguments))
        return made[-1]

    monkeypatch.setattr(leaderboard_front, "Listener", recorded)
    limits = Limits(max_calls=1, max_calls_per_connection=1, max_watchers=1, write_timeout_s=1)
    listener = FrontListener(Endpoint(address="127.0.0.1:0"), limits, Observation())
    await listener.start(Services(unary={}, stream={}, bidi={}, unlimited=frozenset()))

    made[0].front.stop(0)

    async with asyncio.timeout(10):
        await terminated.wait()
    await listener.stop()
    loop.remove_signal_handler(signal.SIGTERM)
