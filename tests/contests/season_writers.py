"""Writers of a contest with seasons, which note in which season each write was counted."""

import asyncio
import itertools
from collections import Counter, defaultdict
from collections.abc import Sequence

from contests.seasonal import CONTEST, scores, seasons
from harness.load import persist
from harness.local_server import LocalServer
from harness.service import ServiceProcess
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb

Server = LocalServer | ServiceProcess
_PAUSE_S = 0.002


class SeasonWriters:
    """
    Writers that repeat each write until it is acknowledged, one through each server given.

    Attributes:
        counted: The scores of acknowledged writes, by the epoch of the answer.
        writes: The number of acknowledged writes.
    """

    def __init__(self, servers: Sequence[Server]) -> None:
        self.counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.writes = 0
        self._servers = servers
        self._done = asyncio.Event()

    async def run(self) -> None:
        """Write until the test calls `stop`."""
        writers = (self._write(number, each) for number, each in enumerate(self._servers))
        await asyncio.gather(*writers)

    def stop(self) -> None:
        """End the writing, once each write is acknowledged."""
        self._done.set()

    async def more(self, count: int = 10) -> None:
        """Wait for so many more acknowledged writes."""
        due = self.writes + count
        await eventually(lambda: self.writes >= due, f"{count} more writes", within=30.0)

    async def _write(self, writer: int, server: Server) -> None:
        for number in itertools.count():
            if self._done.is_set():
                return
            request = pb.UpdateScoreRequest(
                contest_id=CONTEST,
                user_id=f"user-{number % 7}",
                points=1 + number % 3,
                request_id=f"{writer}-{number}",
            )
            answer = await persist(server.stub, request)
            self.counted[answer.position.epoch][request.user_id] += request.points
            self.writes += 1
            await asyncio.sleep(_PAUSE_S)

    async def compare(self, server: Server) -> list[int]:
        """Compare what was acknowledged with the boards of all seasons; return their numbers."""
        found = await seasons(server.contests)
        epochs = {season.position.epoch: season.number for season in found}
        assert set(self.counted) <= set(epochs)
        for epoch, number in epochs.items():
            assert await scores(server.stub, number) == self.counted[epoch], number
        return sorted(epochs.values())
