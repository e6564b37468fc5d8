"""Runs one worker: a server like any other, which reports to its supervisor and ends with it."""

import json
import os
import signal
import sys
from functools import partial
from typing import IO

import structlog
import typer
import uvloop

from leaderboard_server.app import Running, serve
from leaderboard_server.config import Config
from leaderboard_server.logs import configure_logs
from leaderboard_server.metrics.totals import take_snapshot
from leaderboard_server.startup_errors import exit_on_startup_error
from leaderboard_server.workers.report import Report
from leaderboard_server.workers.supervisor_pipe import SupervisorPipe, take_over_stdout


def main() -> None:
    """Read the settings from standard input, and serve."""
    reports = take_over_stdout()
    settings = sys.stdin.readline()
    if not settings:
        return  # the supervisor has ended already
    config = Config(**json.loads(settings))
    configure_logs(config.log_level)
    structlog.contextvars.bind_contextvars(worker=os.getpid())
    try:
        with exit_on_startup_error():
            uvloop.run(_serve(config, reports))
    except typer.Exit as ended:
        sys.exit(ended.exit_code)


async def _serve(config: Config, reports: IO[bytes]) -> None:
    # On the supervisor's end stop as on SIGTERM; if a stop is in progress, this second signal ends
    # the process at once.
    async with SupervisorPipe.connected(
        sys.stdin, reports, lambda: signal.raise_signal(signal.SIGTERM)
    ) as supervisor:
        await serve(config, lambda server: supervisor.serve(partial(_report, server)))


def _report(server: Running) -> Report:
    return Report(server.health.problem, take_snapshot(server.metrics.registry))


if __name__ == "__main__":
    main()
