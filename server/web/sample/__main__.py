"""Starts a service, a gateway and the sample contests, and ends them with Ctrl-C.

Run by `make run-web`. The addresses are those of `LEADERBOARD_ADDRESS` and
`LEADERBOARD_WEB_ADDRESS`, or the defaults. The data are in a temporary folder, and gone at the end.
"""

import asyncio
import os
import signal
import socket
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from leaderboard_client import AsyncLeaderboardClient, LeaderboardError
from sample.parts import Part, PartFailed
from sample.writer import Writer

_SERVICE = os.environ.get("LEADERBOARD_ADDRESS", "127.0.0.1:50051")
_GATEWAY = os.environ.get("LEADERBOARD_WEB_ADDRESS", "127.0.0.1:8080")


async def _run(folder: Path) -> None:
    """Run all parts until one of them ends or this task is cancelled."""
    async with AsyncExitStack() as parts:
        serve = ["serve", "--address", _SERVICE, "--data-dir", str(folder / "data")]
        service = await Part.start(serve, folder / "service.log")
        parts.push_async_callback(service.end)
        await service.listening(_SERVICE)
        web = ["web", "--address", _GATEWAY, "--server", _SERVICE]
        gateway = await Part.start(web, folder / "gateway.log")
        parts.push_async_callback(gateway.end)
        client = await parts.enter_async_context(AsyncLeaderboardClient(_SERVICE))
        writer = Writer(client, Random())
        await writer.begin()
        await gateway.listening(_GATEWAY)
        print(f"A live board is at http://{_GATEWAY}/boards. Ctrl-C ends it.", flush=True)
        async with asyncio.TaskGroup() as group:
            for work in (service.ended(), gateway.ended(), writer.play()):
                group.create_task(work)


def _require_free(address: str, variable: str) -> None:
    """Exit if another process listens on an address."""
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except (OSError, OverflowError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            sys.exit(f"can't listen on {address}: {reason}. Set {variable} to another address.")


async def _until_signal() -> None:
    """Run all parts until SIGINT, SIGTERM or SIGHUP."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def stop() -> None:
        # A second Ctrl-C must not break off the end of the parts.
        if not task.cancelling():
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    with TemporaryDirectory(prefix="leaderboard-sample-") as folder:
        await _run(Path(folder))


def main() -> None:
    """Run until a signal, or exit with the reason why a part failed."""
    _require_free(_SERVICE, "LEADERBOARD_ADDRESS")
    _require_free(_GATEWAY, "LEADERBOARD_WEB_ADDRESS")
    try:
        asyncio.run(_until_signal())
    except* asyncio.CancelledError:
        pass
    except* (PartFailed, LeaderboardError, OSError) as failures:
        sys.exit("\n".join(map(str, failures.exceptions)))


if __name__ == "__main__":
    main()
