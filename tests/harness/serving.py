"""Runs `leaderboard serve` with any options and environment, up to its end."""

import os
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from harness.processes import ChildProcess


class Ended(NamedTuple):
    """The end of a server."""

    exit_code: int
    output: str
    """All printed and logged text."""


def serve(
    folder: Path, *options: str, environment: Mapping[str, str] | None = None
) -> ChildProcess:
    """Start a server with these settings alone, and wait for nothing."""
    plain = {name: value for name, value in os.environ.items() if "LEADERBOARD" not in name}
    command = str(Path(sysconfig.get_path("scripts")) / "leaderboard")
    return ChildProcess(
        [command, "serve", *options], folder / "server.log", plain | dict(environment or {})
    )


async def served(
    folder: Path, *options: str, environment: Mapping[str, str] | None = None
) -> Ended:
    """
    Start a server and wait until it has ended by itself.

    Raises:
        AssertionError: It keeps running.
    """
    process = serve(folder, *options, environment=environment)
    try:
        exit_code = await process.exited(within=20)
    finally:
        process.end()
    return Ended(exit_code, process.log.read_text())
