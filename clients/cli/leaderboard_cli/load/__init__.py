"""The command `load`: calls at a rate that does not give way to the server."""

from leaderboard_cli.load.command import load

__all__ = ["load"]
