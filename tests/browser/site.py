"""A service with a gateway in front of it, and contests to look at."""

import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from harness.gateway import GatewayProcess, gateway
from harness.service import ServiceProcess
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb

_DEADLINE_S = 10.0
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Site:
    """The two processes, and calls that a test needs."""

    service: ServiceProcess
    gateway: GatewayProcess

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        return f"{self.gateway.url}{path}"

    def watch_url(self, contest_id: str) -> str:
        """Return the URL of a WebSocket."""
        return f"ws://{self.gateway.address}/v1/contests/{contest_id}/watch"

    async def contest(self, **settings: Any) -> str:
        """Create a contest that no other test uses, and return its id."""
        contest_id: str = settings.pop("contest_id", f"cup-{next(_numbers)}")
        await self.service.contests.CreateContest(
            contests.CreateContestRequest(
                contest=contests.Contest(contest_id=contest_id, **settings)
            ),
            timeout=_DEADLINE_S,
        )
        return contest_id

    async def write(
        self,
        contest_id: str,
        scores: Mapping[str, int],
        names: Mapping[str, str] | None = None,
    ) -> pb.Position:
        """Set scores of users, one after the other; return the position of the last one."""
        updates = [
            pb.UpdateScoreRequest(
                contest_id=contest_id,
                user_id=user_id,
                points=score,
                mode=pb.UPDATE_MODE_SET,
                display_name=(names or {}).get(user_id, ""),
            )
            for user_id, score in scores.items()
        ]
        return await self.send(updates)

    async def send(self, updates: Sequence[pb.UpdateScoreRequest]) -> pb.Position:
        """Apply updates, one after the other; return the position of the last one."""
        answer: pb.BatchUpdateScoresResponse = await self.service.stub.BatchUpdateScores(
            pb.BatchUpdateScoresRequest(updates=updates), timeout=_DEADLINE_S
        )
        for result in answer.results:
            assert result.HasField("response"), result.status
        return answer.results[-1].response.position

    async def update(self, contest_id: str, **settings: Any) -> None:
        """Change settings of a contest."""
        await self.service.contests.UpdateContest(
            contests.UpdateContestRequest(
                contest=contests.Contest(contest_id=contest_id, **settings),
                update_mask=FieldMask(paths=list(settings)),
            ),
            timeout=_DEADLINE_S,
        )

    async def end(self, contest_id: str) -> None:
        """Close a contest now."""
        await self.update(contest_id, ends_at=Timestamp(seconds=int(time.time())))

    async def end_season(self, contest_id: str, season: int) -> None:
        """End a season."""
        await self.service.contests.ResetContest(
            contests.ResetContestRequest(contest_id=contest_id, season=season), timeout=_DEADLINE_S
        )

    async def delete(self, contest_id: str) -> None:
        """Delete a contest."""
        await self.service.contests.DeleteContest(
            contests.DeleteContestRequest(contest_id=contest_id), timeout=_DEADLINE_S
        )

    async def season_of(self, contest_id: str) -> int:
        """Return the current season of a contest."""
        answer: contests.GetContestResponse = await self.service.contests.GetContest(
            contests.GetContestRequest(contest_id=contest_id), timeout=_DEADLINE_S
        )
        return answer.contest.season

    async def top(
        self, contest_id: str, limit: int = 10, season: int = 0
    ) -> pb.GetTopUsersResponse:
        """Read the first rows from the service itself."""
        request = pb.GetTopUsersRequest(contest_id=contest_id, limit=limit, season=season)
        answer: pb.GetTopUsersResponse = await self.service.stub.GetTopUsers(
            request, timeout=_DEADLINE_S
        )
        return answer


@contextlib.asynccontextmanager
async def running_site(folder: Path, *, redis_url: str | None = None) -> AsyncIterator[Site]:
    """Run a service and a gateway until the block ends; without a URL the store is embedded."""
    data_dir = None if redis_url else folder / "data"
    async with ServiceProcess(folder, redis_url=redis_url, data_dir=data_dir) as service:
        with gateway(service.address) as process:
            yield Site(service, process)


@contextlib.contextmanager
def gateway_beside(
    site: Site, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[Site]:
    """Run another gateway, with these options, in front of the same service."""
    with gateway(site.service.address, *options, environment=environment) as process:
        yield Site(site.service, process)
