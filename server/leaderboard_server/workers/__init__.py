"""Runs several server processes on one port, and a supervisor that keeps them running.

The supervisor serves no calls. It reserves the address, runs the embedded store (`supervisor.py`)
and starts the workers, each a server of its own (`__main__.py`).
"""

from leaderboard_server.workers.supervisor import supervise

__all__ = ["supervise"]
