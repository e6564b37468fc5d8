"""A server whose fast listener ends by itself, which only a defect can cause."""

import asyncio
import signal

from leaderboard_server.transport.front import FrontListener
from leaderboard_server.transport.listener import Endpoint, Limits, Services
from leaderboard_server.transport.response_cache import ResponseCache


async def test_the_server_is_asked_to_end() -> None:
    """A process that serves nobody must not stay, or nothing would start it anew."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, asked.set)
    nothing = Services(unary={}, stream={}, conversation={}, unlimited=frozenset())
    limits = Limits(max_calls=1, max_watchers=1, write_timeout_s=1)
    listener = FrontListener(nothing, Endpoint(address="127.0.0.1:0"), limits, ResponseCache())
    await listener.start()

    listener._listener.front.stop(0)

    async with asyncio.timeout(10):
        await asked.wait()
    await listener.stop()
    loop.remove_signal_handler(signal.SIGTERM)
