"""A whole server in the test's own process, and its calls."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import grpc
from pydantic import SecretStr

from harness.service import CHANNEL_OPTIONS, listener_in_use
from leaderboard.v1.contests_pb2_grpc import ContestServiceStub
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from leaderboard_server.app import running
from leaderboard_server.config import Config
from leaderboard_server.transport.choice import ListenerName


@dataclass
class LocalServer:
    """A server, and the calls of both services."""

    address: str
    stub: LeaderboardServiceStub
    contests: ContestServiceStub


@contextlib.asynccontextmanager
async def local_server(url: str) -> AsyncIterator[LocalServer]:
    """Run a server on a store within the block."""
    name: ListenerName = "front" if listener_in_use() == "front" else "grpcio"
    config = Config(address="127.0.0.1:0", listener=name, redis_url=SecretStr(url))
    async with (
        running(config) as server,
        grpc.aio.insecure_channel(server.address, options=CHANNEL_OPTIONS) as channel,
    ):
        yield LocalServer(
            server.address, LeaderboardServiceStub(channel), ContestServiceStub(channel)
        )
