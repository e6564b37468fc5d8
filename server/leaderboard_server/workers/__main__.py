"""Runs one worker: a server like any other, which ends when its supervisor ends."""

import asyncio
import json
import os
import signal
import sys

import structlog
import typer
import uvloop

from leaderboard_server.app import serve
from leaderboard_server.config import Config
from leaderboard_server.logs import configure_logs
from leaderboard_server.startup_errors import exit_on_startup_error


def main() -> None:
    """Read the settings from standard input, and serve."""
    settings = sys.stdin.readline()
    if not settings:
        return  # the supervisor has ended already
    config = Config(**json.loads(settings))
    configure_logs(config.log_level)
    structlog.contextvars.bind_contextvars(worker=os.getpid())
    try:
        with exit_on_startup_error():
            uvloop.run(_serve(config))
    except typer.Exit as ended:
        sys.exit(ended.exit_code)


async def _serve(config: Config) -> None:
    asyncio.get_running_loop().add_reader(sys.stdin, _on_supervisor_ended)
    await serve(config, _announce)


def _on_supervisor_ended() -> None:
    """Stop as on SIGTERM; if a stop is in progress, this second signal ends the process at once."""
    asyncio.get_running_loop().remove_reader(sys.stdin)
    signal.raise_signal(signal.SIGTERM)


def _announce() -> None:
    """Report to the supervisor on standard output, then close it: nothing reads it any further."""
    os.write(sys.stdout.fileno(), b"serving\n")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


if __name__ == "__main__":
    main()
