"""Asks for a confirmation before something is lost for good."""

import sys
from typing import Annotated

import typer

from leaderboard_cli.failures import CommandError, ExitCode
from leaderboard_cli.output import safe

Yes = Annotated[
    bool, typer.Option("--yes", help="Don't ask for a confirmation, which takes a terminal.")
]


def confirm(loss: str, *, yes: bool) -> None:
    """Return once a loss is confirmed: by --yes, or on the terminal.

    Args:
        loss: What is lost, as a sentence.

        yes: Whether --yes was given.

    Raises:
        CommandError: It is not confirmed, or there is no terminal to ask on.
    """
    if yes:
        return
    if not sys.stdin or not sys.stdin.isatty():
        raise CommandError(f"{loss}; confirm it with --yes", ExitCode.INVALID)
    sys.stderr.write(f"{safe(loss)}. Go on? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CommandError("not confirmed, nothing was changed", ExitCode.INTERRUPTED)
