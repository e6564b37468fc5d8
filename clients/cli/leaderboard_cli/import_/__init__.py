"""The command `import`: sends a file of score events, and counts each of them once."""

from leaderboard_cli.import_.command import import_events

__all__ = ["import_events"]
