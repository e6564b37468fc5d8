"""Prints the board of a contest after every change, until Ctrl-C: `watch.py HOST:PORT CONTEST`."""

import asyncio
import contextlib
import sys

from leaderboard_client import AsyncLeaderboardClient, LeaderboardError


async def main(address: str, contest: str) -> None:
    """Print one line for each update."""
    async with AsyncLeaderboardClient(address) as client:
        async for update in client.watch(contest, limit=5):
            rows = ", ".join(f"{row.rank}. {row.user_id} {row.score}" for row in update.rows)
            why = f" ({update.trouble})" if update.trouble else ""
            print(f"{update.state.value}{why}: {rows}", flush=True)


with contextlib.suppress(KeyboardInterrupt):
    try:
        server, name = sys.argv[1:]
        asyncio.run(main(server, name))
    except ValueError as error:
        sys.exit(f"usage: watch.py HOST:PORT CONTEST ({error})")
    except LeaderboardError as error:
        sys.exit(f"{error.code}: {error}")
