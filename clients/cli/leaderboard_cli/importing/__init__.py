"""The command `import`: sends a file of score events, and counts each of them once."""

from leaderboard_cli.importing.command import import_events

__all__ = ["import_events"]
