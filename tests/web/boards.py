"""A service with boards of all kinds, and a gateway to it."""

import random
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
from google.protobuf.timestamp_pb2 import Timestamp

from harness.gateway import GatewayProcess
from harness.http import HttpResponse, get
from harness.service import ServiceProcess
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb

CUP = "chess"
"""A contest in its second season, with shared ranks, names in several scripts and a hidden user."""
_FIRST = ["ada", "bo"]
"""Users of the examples in the OpenAPI description."""
HIDDEN = "user-3"
SCHEDULED, CLOSED, ABSENT = "scheduled", "closed", "absent"
CONTESTS = [CLOSED, CUP, SCHEDULED]
PROBLEM = "application/problem+json"
NAMES = ["", "Ada", "Ёлка", "يوسف", "名前", "🏆 Bo", '"<&>']


@dataclass(frozen=True)
class Web:
    """A service and its gateway."""

    service: ServiceProcess
    gateway: GatewayProcess

    async def get(
        self, path: str, method: str = "GET", headers: dict[str, str] | None = None, **query: Any
    ) -> HttpResponse:
        """Send a request; a list in the query is a parameter that comes several times."""
        target = f"{path}?{urlencode(query, doseq=True)}" if query else path
        return await get(
            self.gateway.address, target, method, Connection="close", **(headers or {})
        )

    async def json(self, path: str, **query: Any) -> Any:
        """Return the JSON of a response, whose status must be 200."""
        response = await self.get(path, **query)
        assert response.status == 200, response
        assert response.headers["content-type"] == "application/json"
        return orjson.loads(response.body)

    async def problem(self, path: str, status: int, method: str = "GET", **query: Any) -> Any:
        """Return the problem of a response, after a check of its form and status."""
        response = await self.get(path, method, **query)
        return problem_in(response, status)


def problem_in(response: HttpResponse, status: int) -> Any:
    """Return the problem in a response, after a check of its form and status."""
    assert (response.status, response.headers["content-type"]) == (status, PROBLEM), response
    assert response.headers["cache-control"] == "no-store"
    problem = orjson.loads(response.body)
    assert (problem["type"], problem["status"]) == ("about:blank", status)
    assert problem["title"]
    assert problem["detail"]
    return problem


async def fill(service: ServiceProcess) -> None:
    """Create the contests; the scores of the second season are in random order, with many ties."""
    contests = service.contests
    rules = pb.ContestRules(rank_style=pb.RANK_STYLE_COMPETITION)
    for contest in (
        contests_pb2.Contest(contest_id=CUP, display_name="Cup 🏆", rules=rules),
        contests_pb2.Contest(contest_id=SCHEDULED, starts_at=Timestamp(seconds=4_000_000_000)),
        contests_pb2.Contest(contest_id=CLOSED, ends_at=Timestamp(seconds=1_000_000_000)),
    ):
        await contests.CreateContest(contests_pb2.CreateContestRequest(contest=contest))
    await service.stub.BatchUpdateScores(updates(CUP, 30, seed=1))
    await contests.ResetContest(contests_pb2.ResetContestRequest(contest_id=CUP, season=1))
    await service.stub.BatchUpdateScores(updates(CUP, 1_000, seed=2))
    await contests.HideUsers(contests_pb2.HideUsersRequest(contest_id=CUP, user_ids=[HIDDEN]))


def updates(contest_id: str, users: int, seed: int) -> pb.BatchUpdateScoresRequest:
    """Return a first score for each user, with names and attributes."""
    chosen = random.Random(seed)
    return pb.BatchUpdateScoresRequest(
        updates=[
            pb.UpdateScoreRequest(
                contest_id=contest_id,
                user_id=_FIRST[number] if number < len(_FIRST) else f"user-{number}",
                points=chosen.choice([-(2**53), 0, 7, 2**53, chosen.randrange(-99, 99)]),
                display_name=chosen.choice(NAMES),
                attributes=chosen.choice([{}, {"country": "de"}, {"team": "a", "x": '"'}]),
            )
            for number in range(users)
        ]
    )
