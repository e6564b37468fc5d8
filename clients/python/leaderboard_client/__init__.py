"""The Python side of the leaderboard service: what its users call it with."""
