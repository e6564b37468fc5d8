"""Prints the best users of a contest: `top.py HOST:PORT CONTEST`."""

import sys

from leaderboard_client import LeaderboardClient, LeaderboardError

try:
    address, contest = sys.argv[1:]
    with LeaderboardClient(address) as client:
        board = client.get_top_users(contest)
except ValueError as error:
    sys.exit(f"usage: top.py HOST:PORT CONTEST ({error})")
except LeaderboardError as error:
    sys.exit(f"{error.code}: {error}")
for user in board.users:
    print(f"{user.rank:3}. {user.user_id:20} {user.score:12,}")
