"""Callers over several connections, which count what their calls ended with."""

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from harness.calls import DEADLINE_S
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from metrics.observed_server import Scrape

Ended: TypeAlias = Counter[tuple[str, str]]
"""Ended calls by method and code, as metrics spell them."""

_CONTEST = "cup"


def codes(scrape: Scrape, name: str = "grpc_server_handled_total") -> Ended:
    """Return the ended calls of a scrape, without those that there are none of."""
    found = Counter[tuple[str, str]]()
    for (each, labels), value in scrape.samples.items():
        if each == name and value:
            found[dict(labels)["grpc_method"], dict(labels)["grpc_code"]] += int(value)
    return found


@contextlib.asynccontextmanager
async def watching(stub: LeaderboardServiceStub) -> AsyncIterator[None]:
    """Have a watch that was sent its first message, and give it up at the end of the block."""
    request = pb.WatchContestRequest(contest_id=_CONTEST, limit=10)
    call = stub.WatchContest(request)
    await call.read()
    try:
        yield
    finally:
        call.cancel()
        await call.code()


class Callers:
    """Callers with a connection each."""

    def __init__(self, channels: Sequence[grpc.aio.Channel]) -> None:
        self.ended: Ended = Counter()
        self._stubs = [LeaderboardServiceStub(channel) for channel in channels]
        self._health = [health_pb2_grpc.HealthStub(channel) for channel in channels]
        self._numbers = itertools.count()
        self.kinds: Mapping[str, Callable[[int], Awaitable[Any]]] = {
            "UpdateScore": self._update,
            "BatchUpdateScores": self._batch,
            "GetTopUsers": self._top,
            "GetUserRank": self._rank,
            "BatchGetUserRanks": self._ranks,
            "WatchContest": self._watch,
            "Check": self._check,
        }

    async def call(self, kind: str, times: int) -> None:
        """Make calls of a kind, at any time one on each connection."""
        left = iter(range(times))
        await asyncio.gather(
            *(self._in_turn(kind, connection, left) for connection in range(len(self._stubs)))
        )

    async def _in_turn(self, kind: str, connection: int, left: Iterator[int]) -> None:
        for _ in left:
            await self._end(kind, connection)

    async def _end(self, kind: str, connection: int) -> None:
        try:
            await self.kinds[kind](connection)
        except grpc.aio.AioRpcError as error:
            code = error.code()
        except _GivenUpError:
            code = grpc.StatusCode.CANCELLED
        else:
            code = grpc.StatusCode.OK
        self.ended[kind, _spelled(code)] += 1

    def _user(self) -> str:
        return f"user-{next(self._numbers) % 100}"

    async def _update(self, connection: int) -> None:
        request = pb.UpdateScoreRequest(contest_id=_CONTEST, user_id=self._user(), points=1)
        await self._stubs[connection].UpdateScore(request, timeout=DEADLINE_S)

    async def _batch(self, connection: int) -> None:
        request = pb.BatchUpdateScoresRequest(
            updates=[
                pb.UpdateScoreRequest(contest_id=_CONTEST, user_id=self._user(), points=1)
                for _ in range(3)
            ]
        )
        await self._stubs[connection].BatchUpdateScores(request, timeout=DEADLINE_S)

    async def _top(self, connection: int) -> None:
        request = pb.GetTopUsersRequest(contest_id=_CONTEST, limit=10)
        await self._stubs[connection].GetTopUsers(request, timeout=DEADLINE_S)

    async def _rank(self, connection: int) -> None:
        """Read the rank of a user; every fourth is not there."""
        user = f"nobody-{next(self._numbers)}" if next(self._numbers) % 4 == 0 else self._user()
        request = pb.GetUserRankRequest(contest_id=_CONTEST, user_id=user)
        await self._stubs[connection].GetUserRank(request, timeout=DEADLINE_S)

    async def _ranks(self, connection: int) -> None:
        request = pb.BatchGetUserRanksRequest(
            contest_id=_CONTEST, user_ids=[self._user(), self._user()]
        )
        await self._stubs[connection].BatchGetUserRanks(request, timeout=DEADLINE_S)

    async def _watch(self, connection: int) -> None:
        """Watch until the first message is there."""
        async with watching(self._stubs[connection]):
            pass
        raise _GivenUpError

    async def _check(self, connection: int) -> None:
        await self._health[connection].Check(health_pb2.HealthCheckRequest(), timeout=DEADLINE_S)


class _GivenUpError(Exception):
    """The caller cancelled its call."""


def _spelled(code: grpc.StatusCode) -> str:
    if code in {grpc.StatusCode.OK, grpc.StatusCode.CANCELLED}:
        return "OK" if code is grpc.StatusCode.OK else "Canceled"
    return "".join(word.title() for word in code.name.split("_"))
