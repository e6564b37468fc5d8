"""Generated stubs of the contract `leaderboard.v1`; `make proto` generates them."""
