"""The command `watch`: a contest as it changes, on a terminal, in a pipe or as JSON."""

from leaderboard_cli.watch.command import watch

__all__ = ["watch"]
