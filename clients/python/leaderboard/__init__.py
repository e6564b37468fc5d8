"""Generated stubs of the leaderboard contract, one package for each version."""
