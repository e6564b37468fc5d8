"""The `leaderboard` command."""

import os
import sys

# gRPC reads this when it is imported. Otherwise it writes lines of its own to stderr, such as when
# a server goes away or asks for a certificate, which the command reports itself.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

try:
    from leaderboard_cli.app import main
except KeyboardInterrupt:
    sys.exit(130)  # ExitCode.INTERRUPTED, which may not be imported yet

__all__ = ["main"]
