"""Changes a contest at random, in every way that its watchers are sent."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Self

import grpc

from harness.service import ServiceProcess
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb

_RETRIED = {
    grpc.StatusCode.CANCELLED,  # the service was stopped
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.UNAVAILABLE,
}
_USERS = [f"user-{number}" for number in range(120)]
_LONG = "ж" * 60


class Writer:
    """Changes a contest in every way that watchers are sent."""

    def __init__(
        self,
        service: ServiceProcess,
        contest_id: str,
        seed: int,
        users_at_once: Sequence[int] = (1, 2, 5, 40),
    ) -> None:
        """Write to a contest; an update is of one of these numbers of users."""
        self._users_at_once = users_at_once
        self._service = service
        self._contest = contest_id
        self._chosen = random.Random(seed)
        self._stopped = False
        self._task: asyncio.Task[None] | None = None
        self.calls = 0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopped = True
        assert self._task
        await self._task

    async def more(self, calls: int) -> None:
        """Wait until so many more calls succeeded."""
        due = self.calls + calls
        async with asyncio.timeout(60):
            while self.calls < due:
                assert self._task
                if self._task.done():
                    self._task.result()
                await asyncio.sleep(0.01)

    async def _run(self) -> None:
        while not self._stopped:
            try:
                await self._call()
                self.calls += 1
            except grpc.aio.AioRpcError as error:
                if error.code() not in _RETRIED:
                    raise
                await asyncio.sleep(0.05)

    async def _call(self) -> None:
        kinds: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (60, self._update),
            (8, self._moderate),
            (3, self._rename),
            (1, self._reset),
        ]
        weights = [weight for weight, _ in kinds]
        call = self._chosen.choices([call for _, call in kinds], weights)[0]
        await call()

    async def _update(self) -> None:
        users = self._chosen.sample(_USERS, self._chosen.choice(self._users_at_once))
        updates = [
            pb.UpdateScoreRequest(
                contest_id=self._contest,
                user_id=user,
                points=self._chosen.randrange(-3, 8),
                display_name=self._chosen.choice(["", _LONG, user]),
                attributes=self._chosen.choice([{}, {"team": "a"}, {"team": ""}]),
                event_type="goal",
            )
            for user in users
        ]
        await self._service.stub.BatchUpdateScores(
            pb.BatchUpdateScoresRequest(updates=updates), timeout=5
        )

    async def _moderate(self) -> None:
        users = self._chosen.sample(_USERS, 3)
        contests = self._service.contests
        request, call = self._chosen.choice(
            [
                (contests_pb2.HideUsersRequest, contests.HideUsers),
                (contests_pb2.UnhideUsersRequest, contests.UnhideUsers),
                (contests_pb2.RemoveUsersRequest, contests.RemoveUsers),
            ]
        )
        await call(request(contest_id=self._contest, user_ids=users), timeout=5)

    async def _rename(self) -> None:
        contest = contests_pb2.Contest(
            contest_id=self._contest, display_name=str(self._chosen.random())
        )
        request = contests_pb2.UpdateContestRequest(contest=contest)
        request.update_mask.paths.append("display_name")
        await self._service.contests.UpdateContest(request, timeout=5)

    async def _reset(self) -> None:
        request = contests_pb2.GetContestRequest(contest_id=self._contest)
        contest = await self._service.contests.GetContest(request, timeout=5)
        await self._service.contests.ResetContest(
            contests_pb2.ResetContestRequest(
                contest_id=self._contest, season=contest.contest.season
            ),
            timeout=5,
        )
