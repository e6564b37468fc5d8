"""The command `watch`: a contest as it changes, on a terminal, in a pipe or as JSON."""

from leaderboard_client.cli.watching.command import watch

__all__ = ["watch"]
