"""The leaderboard service: gRPC in front, Redis sorted sets behind."""
