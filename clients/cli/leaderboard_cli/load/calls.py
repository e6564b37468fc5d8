"""Makes the calls of a load, each for a random user."""

import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from enum import StrEnum
from functools import partial
from typing import Any, TypeAlias
from uuid import uuid4

import grpc.aio

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from leaderboard_cli.target import Target
from leaderboard_client.addresses import Rotation
from leaderboard_client.rpc_status import error_from_update

Call: TypeAlias = Callable[[], Awaitable[object]]
"""Makes a call, and returns its answer."""

_BATCH = 1000
_MAX_POINTS = 10


class Kind(StrEnum):
    """The kinds of calls."""

    UPDATE = "update"
    """UpdateScore, with a request id of its own for each call."""

    RANK = "rank"
    """GetUserRank, with two users on each side."""

    TOP = "top"
    """GetTopUsers, the first 10."""

    MIX = "mix"
    """8 updates of 10 calls, a rank and a top."""


_MIX = (Kind.UPDATE,) * 8 + (Kind.RANK, Kind.TOP)


class Calls:
    """Makes the calls of one kind, each for a random user of one contest."""

    def __init__(
        self,
        channels: Sequence[grpc.aio.Channel],
        target: Target,
        kind: Kind,
        contest: str,
        users: int,
    ) -> None:
        """Prepare the calls.

        Args:
            channels: A channel to each server; the calls take them in turn.

            target: The service.

            kind: The kind of the calls.

            contest: The contest of all calls.

            users: How many users there are, from 1.
        """
        self._stubs = Rotation([LeaderboardServiceStub(channel) for channel in channels])
        self._options: dict[str, Any] = {"timeout": target.timeout, "metadata": target.metadata}
        self._kind = kind
        self._contest = contest
        self._users = users
        self._random = random.Random()  # noqa: S311 (a load needs no secret randomness)

    async def prepare(self) -> None:
        """Write all users, with no points, where reads need them; existing scores stay.

        Raises:
            grpc.RpcError: A batch failed.

            LeaderboardError: An update of a batch was rejected.
        """
        if self._kind is Kind.UPDATE:
            return
        for batch in self._batches():
            answer = await self._stubs.next().BatchUpdateScores(batch, **self._options)
            for result in answer.results:
                if result.HasField("status"):
                    raise error_from_update(result.status)

    def next(self) -> Call:
        """Return the next call, with its request."""
        kind = self._random.choice(_MIX) if self._kind is Kind.MIX else self._kind
        contest, user = self._contest, _user(self._random.randrange(self._users))
        stub, options = self._stubs.next(), self._options
        match kind:
            case Kind.RANK:
                rank = pb.GetUserRankRequest(contest_id=contest, user_id=user, neighbors=2)
                return partial(stub.GetUserRank, rank, **options)
            case Kind.TOP:
                top = pb.GetTopUsersRequest(contest_id=contest, limit=10)
                return partial(stub.GetTopUsers, top, **options)
        update = self._update(user, self._random.randint(1, _MAX_POINTS))
        return partial(stub.UpdateScore, update, **options)

    def _update(self, user: str, points: int) -> pb.UpdateScoreRequest:
        return pb.UpdateScoreRequest(
            contest_id=self._contest, user_id=user, points=points, request_id=str(uuid4())
        )

    def _batches(self) -> Iterator[pb.BatchUpdateScoresRequest]:
        for first in range(0, self._users, _BATCH):
            numbers = range(first, min(first + _BATCH, self._users))
            updates = [self._update(_user(number), 0) for number in numbers]
            yield pb.BatchUpdateScoresRequest(updates=updates)


def _user(number: int) -> str:
    return f"user-{number}"
