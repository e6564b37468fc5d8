"""The command `leaderboard serve`."""

import asyncio
import inspect
import os
from typing import Any

import structlog
import typer
import uvloop

from leaderboard_server.app import serve as run
from leaderboard_server.config import Config
from leaderboard_server.load_config import ConfigInvalid, load_config
from leaderboard_server.logs import configure_logs
from leaderboard_server.setting_options import setting_options
from leaderboard_server.startup_errors import BAD_OPTION, exit_on_startup_error
from leaderboard_server.unknown_variables import unknown_variables
from leaderboard_server.workers import supervise

_log = structlog.get_logger()

EXAMPLES = """Examples:

- `leaderboard serve`: serves on this machine alone, and keeps what is written

- `leaderboard serve --data-dir ./data`: keeps it in a folder of its own

- `LEADERBOARD_REDIS_URL=redis://redis.example leaderboard serve`: uses another store

- `leaderboard serve --address 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem`: serves others,
with TLS
"""
"""The end of the help text, in Markdown; the `leaderboard` command reads it."""


def serve(**given: Any) -> None:
    """Run a server, by default on an embedded store that keeps its data."""
    try:
        config, file = load_config(
            Config, {name: value for name, value in given.items() if value is not None}
        )
    except ConfigInvalid as error:
        for problem in error.problems:
            typer.echo(f"leaderboard serve: {problem}", err=True)
        raise typer.Exit(BAD_OPTION) from None
    configure_logs(config.log_level)
    for variable in unknown_variables(Config, os.environ):
        # Never its value, which may be a secret.
        _log.warning("unknown_variable", name=variable.name, closest=variable.closest)
    if file and file.exposes_secret:
        _log.warning(
            "config_exposed",
            file=str(file.path),
            reason="it holds a password, and every user of this machine can read it",
            to_do="chmod o-r, or --redis-password-file",
        )
    if config.is_exposed:
        _log.warning("exposed", address=config.address, reason="neither loopback nor TLS")
    if config.exposes_metrics:
        _log.warning("metrics_exposed", address=config.metrics_address, reason="not loopback")
    with exit_on_startup_error():
        if config.workers > 1:
            raise typer.Exit(asyncio.run(supervise(config)))
        uvloop.run(run(config))


serve.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    setting_options(Config)
)
