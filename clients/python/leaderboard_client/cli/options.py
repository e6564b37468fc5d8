"""The arguments and options that several commands share."""

from __future__ import annotations

import re
from typing import Annotated

import typer

DEFAULT_SERVER = "127.0.0.1:50051"
"""Where a server listens unless told otherwise."""

DEFAULT_TIMEOUT = 10.0
"""The deadline of each call in seconds unless told otherwise."""

MAX_ROWS = 1000
"""The most users that one call returns or watches."""

MAX_RANK = 2**31 - 1
"""The last rank that can be asked for."""

_HOST_PORT = re.compile(r"([^\s/\[\]:]+|\[[0-9A-Fa-f:.%]+\]):([0-9]{1,5})")
_LAST_PORT = 65_535


def _host_port(value: str) -> str:
    match = _HOST_PORT.fullmatch(value)
    if not match or not 0 < int(match[2]) <= _LAST_PORT:
        raise typer.BadParameter(f"{value!r} is not HOST:PORT")
    return value


Contest = Annotated[str, typer.Argument(metavar="CONTEST", help="The contest's id.")]
User = Annotated[str, typer.Argument(metavar="USER", help="The user's id.")]
Server = Annotated[
    str,
    typer.Option(
        "--server",
        envvar="LEADERBOARD_SERVER",
        metavar="HOST:PORT",
        callback=_host_port,
        help="Where the server listens.",
    ),
]
Timeout = Annotated[
    float,
    typer.Option("--timeout", metavar="SECONDS", min=0.001, help="How long each call may take."),
]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print JSON for scripts, one object a line."),
]
