"""The command `doctor`: how a server does, and what to do about it."""

from leaderboard_cli.doctor.command import doctor

__all__ = ["doctor"]
