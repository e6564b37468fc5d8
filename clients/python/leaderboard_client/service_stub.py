"""The methods of both services of the contract, on one channel."""

from typing import Any

from leaderboard.v1.contests_pb2_grpc import ContestServiceStub
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub


class ServiceStub(LeaderboardServiceStub, ContestServiceStub):
    """Has each method of the contract by its name, which only one of the services has."""

    def __init__(self, channel: Any) -> None:
        """Create the methods on a channel, of the synchronous or the asyncio API."""
        LeaderboardServiceStub.__init__(self, channel)
        ContestServiceStub.__init__(self, channel)
