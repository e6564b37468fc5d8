"""The arguments and options that several commands share."""

from typing import Annotated

import typer

MAX_ROWS = 1000
"""The most users that one call returns or watches."""

MAX_RANK = 2**31 - 1
"""The last rank that can be asked for."""

Contest = Annotated[str, typer.Argument(metavar="CONTEST", help="The contest's id.")]
User = Annotated[str, typer.Argument(metavar="USER", help="The user's id.")]
AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print JSON for scripts, one object a line."),
]
