"""Several server processes on one port, and the process that keeps them running.

That one serves nobody. It holds the address and the embedded store (`supervisor.py`) and starts the
workers, each a server of its own (`__main__.py`).
"""

from leaderboard_server.workers.supervisor import supervise

__all__ = ["supervise"]
