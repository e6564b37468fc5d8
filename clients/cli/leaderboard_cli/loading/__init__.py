"""The command `load`: calls at a rate that does not give way to the server."""

from leaderboard_cli.loading.command import load

__all__ = ["load"]
