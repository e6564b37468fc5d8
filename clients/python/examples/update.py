"""Adds points to a user's score: `update.py HOST:PORT CONTEST USER POINTS`."""

import sys

from leaderboard_client import LeaderboardClient, LeaderboardError

try:
    address, contest, user, points = sys.argv[1:]
    with LeaderboardClient(address) as client:
        done = client.update_score(contest, user, int(points))
except ValueError as error:
    sys.exit(f"usage: update.py HOST:PORT CONTEST USER POINTS ({error})")
except LeaderboardError as error:
    sys.exit(f"{error.code}: {error}")
print(f"{done.user.user_id} has {done.user.score} points, rank {done.user.rank}")
