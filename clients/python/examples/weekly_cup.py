"""Adds points to a weekly cup and its all-time board: `weekly_cup.py HOST:PORT CUP USER POINTS`."""

import sys

from leaderboard_client import LeaderboardClient, LeaderboardError, ResetSchedule, ScoreUpdate

MONDAYS = ResetSchedule("0 0 * * MON", "Europe/Berlin")

try:
    address, cup, user, text = sys.argv[1:]
    points = int(text)
    with LeaderboardClient(address) as client:
        client.create_contest(cup, reset_schedule=MONDAYS, keep_seasons=52)
        contests = (cup, f"{cup}-all-time")
        outcomes = client.batch_update_scores(
            ScoreUpdate(contest, user, points) for contest in contests
        )
        season = client.get_contest(cup).season
except ValueError as error:
    sys.exit(f"usage: weekly_cup.py HOST:PORT CUP USER POINTS ({error})")
except LeaderboardError as error:
    sys.exit(f"{error.code}: {error}")
for contest, outcome in zip(contests, outcomes, strict=True):
    if isinstance(outcome, LeaderboardError):
        sys.exit(f"{contest}: {outcome.code}: {outcome}")
    print(f"{contest}: {user} has {outcome.user.score} points, rank {outcome.user.rank}")
print(f"week {season} of the cup")
