"""The calls that a load is made of."""

import random
from collections.abc import Awaitable, Callable, Iterator
from enum import StrEnum
from typing import TypeAlias, TypedDict
from uuid import uuid4

import grpc.aio

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from leaderboard_cli.target import Target
from leaderboard_client.credentials import Metadata
from leaderboard_client.refusal import Refusal, RefusedError

Call: TypeAlias = Callable[[], Awaitable[object]]
"""Makes a call, and returns its answer."""

_BATCH = 1000
_MOST_POINTS = 10


class Kind(StrEnum):
    """What is called."""

    UPDATE = "update"
    """UpdateScore, with a request id of its own for each call."""

    RANK = "rank"
    """GetUserRank, with two users on each side."""

    TOP = "top"
    """GetTopUsers, the first 10."""

    MIX = "mix"
    """8 updates of 10 calls, a rank and a top."""


_MIX = (Kind.UPDATE,) * 8 + (Kind.RANK, Kind.TOP)


class _How(TypedDict):
    timeout: float
    metadata: Metadata


class Calls:
    """Makes the calls of one kind, each for a user chosen at random."""

    def __init__(
        self, channel: grpc.aio.Channel, target: Target, kind: Kind, contest: str, users: int
    ) -> None:
        """Prepare the calls.

        Args:
            channel: The connection.

            target: How calls are made.

            kind: What is called.

            contest: The contest of all calls.

            users: How many users there are, from 1.
        """
        self._stub = LeaderboardServiceStub(channel)
        self._kind = kind
        self._contest = contest
        self._users = users
        self._how: _How = {"timeout": target.timeout, "metadata": target.metadata}
        self._random = random.Random()  # noqa: S311 (a load is no secret)

    async def prepare(self) -> None:
        """Write all users, with no points, where reads need them; those that are there stay.

        Raises:
            grpc.RpcError: A batch failed.

            RefusedError: An update of a batch was refused.
        """
        if self._kind is Kind.UPDATE:
            return
        for batch in self._batches():
            answer = await self._stub.BatchUpdateScores(batch, **self._how)
            for result in answer.results:
                if result.HasField("status"):
                    raise RefusedError(Refusal.of_update(result.status))

    def next(self) -> Call:
        """Return the next call, its request made."""
        kind = self._random.choice(_MIX) if self._kind is Kind.MIX else self._kind
        stub, contest, how = self._stub, self._contest, self._how
        user = self._user(self._random.randrange(self._users))
        match kind:
            case Kind.RANK:
                rank = pb.GetUserRankRequest(contest_id=contest, user_id=user, neighbors=2)
                return lambda: stub.GetUserRank(rank, **how)
            case Kind.TOP:
                top = pb.GetTopUsersRequest(contest_id=contest, limit=10)
                return lambda: stub.GetTopUsers(top, **how)
        update = self._update(user, self._random.randint(1, _MOST_POINTS))
        return lambda: stub.UpdateScore(update, **how)

    def _update(self, user: str, points: int) -> pb.UpdateScoreRequest:
        return pb.UpdateScoreRequest(
            contest_id=self._contest, user_id=user, points=points, request_id=str(uuid4())
        )

    def _batches(self) -> Iterator[pb.BatchUpdateScoresRequest]:
        for first in range(0, self._users, _BATCH):
            numbers = range(first, min(first + _BATCH, self._users))
            updates = [self._update(self._user(number), 0) for number in numbers]
            yield pb.BatchUpdateScoresRequest(updates=updates)

    def _user(self, number: int) -> str:
        return f"user-{number}"
