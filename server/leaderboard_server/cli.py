"""The command `leaderboard serve`."""

import asyncio
import inspect
from typing import Any

import typer
import uvloop

from leaderboard_server.app import serve as run
from leaderboard_server.command_settings import command_settings
from leaderboard_server.config import Config
from leaderboard_server.setting_options import setting_options
from leaderboard_server.startup_errors import exit_on_startup_error
from leaderboard_server.workers import supervise

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
    config = command_settings("leaderboard serve", Config, given)
    with exit_on_startup_error():
        if config.workers > 1:
            raise typer.Exit(asyncio.run(supervise(config)))
        uvloop.run(run(config))


serve.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    setting_options(Config)
)
