"""The `leaderboard` command."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

_INTERRUPTED = 130
"""As `ExitCode.INTERRUPTED`, which can't be imported before it is known what is installed."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit with a code of `ExitCode`.

    Args:
        arguments: What to run it with; those of the process when not given.
    """
    # Read when grpc is imported. Otherwise the library writes lines of its own to stderr, such as
    # when a server goes away or wants a certificate, which the command tells in its own words.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        from leaderboard_cli.app import run  # noqa: PLC0415

        run(arguments)
    except ModuleNotFoundError as error:
        sys.exit(f"error: {error.name} is not installed: pip install 'leaderboard-cli' brings it")
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
