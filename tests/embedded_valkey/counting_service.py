"""Runs a small service for tests to kill: it keeps an embedded store open and counts in it.

Run as a script, `counting_service.py DATA_DIR LOOP`. It prints `open STORE_PID`, then `counted N`
for every acknowledged count; after SIGINT it counts once more and prints `drained N STORE_PID`.
"""

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import uvloop
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from leaderboard_server.embedded_valkey import EmbeddedStore

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


def report(*words: object) -> None:
    """Print a line at once, so that a kill doesn't lose it."""
    print(*words, flush=True)  # noqa: T201 - the test reads it


def connected(url: str) -> Redis:
    """Return a client that never retries by itself and lets a cancellation pass."""
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=None)


async def process_of(client: Redis) -> int:
    """Return the store's process id."""
    return int((await client.info("server"))["process_id"])


async def main(data_dir: Path) -> None:
    """Count until SIGINT."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stopping.set)
    async with EmbeddedStore(data_dir) as store, connected(store.url) as client:
        report("open", await process_of(client))
        while not stopping.is_set():
            report("counted", await client.incr("count"))
        report("drained", await client.incr("count"), await process_of(client))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=LOOPS[sys.argv[2]]) as runner:
        runner.run(main(Path(sys.argv[1])))
