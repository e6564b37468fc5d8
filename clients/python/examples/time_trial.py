"""Reports a time, of which the lowest wins: `time_trial.py HOST:PORT CONTEST USER MILLISECONDS`."""

import sys

from leaderboard_client import (
    ContestRules,
    LeaderboardClient,
    LeaderboardError,
    Order,
    RankStyle,
    UpdateMode,
)

RULES = ContestRules(
    order=Order.LOWEST_FIRST,
    rank_style=RankStyle.COMPETITION,
    default_mode=UpdateMode.BEST,
    min_score=0,
)

try:
    address, contest, user, text = sys.argv[1:]
    milliseconds = int(text)
    with LeaderboardClient(address) as client:
        client.create_contest(contest, rules=RULES)
        client.update_score(contest, user, milliseconds)
        board = client.get_user_rank(contest, user, around=5)
except ValueError as error:
    sys.exit(f"usage: time_trial.py HOST:PORT CONTEST USER MILLISECONDS ({error})")
except LeaderboardError as error:
    sys.exit(f"{error.code}: {error}")
for row in board.around:
    print(f"{row.rank:3}. {row.user_id:20} {row.score / 1000:12.3f} s")
