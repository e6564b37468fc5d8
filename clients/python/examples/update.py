"""Adds points to a user's score: `update.py HOST:PORT CONTEST USER POINTS`."""

import sys

from leaderboard_client import LeaderboardClient, LeaderboardError

address, contest, user, points = sys.argv[1:]
with LeaderboardClient(address) as client:
    try:
        done = client.update_score(contest, user, int(points))
    except LeaderboardError as error:
        sys.exit(f"{error.code}: {error}")
print(f"{done.user.user_id} has {done.user.score} points, rank {done.user.rank}")
