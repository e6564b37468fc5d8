"""The processes of a scenario: a server, its store, and a second server."""

import signal
from pathlib import Path

from clients.full_store import limit_memory, until_refused
from harness.calls import DEADLINE_S
from harness.cluster_store import Store
from harness.service import ServiceProcess
from leaderboard.v1 import contests_pb2


class Deployment:
    """A server, its store, and a second server that is there only while it is used."""

    def __init__(self, service: ServiceProcess, store: Store, folder: Path) -> None:
        self._service = service
        self._store = store
        self._folder = folder
        """Where the files of the second server are."""

    async def control_server(self, action: str) -> None:
        """Do an action of a `server` step."""
        match action:
            case "kill":
                await self._service.kill()
            case "terminate":
                await self._service.terminate()
            case "start":
                await self._service.start()
            case "freeze":
                self._service.process.signal(signal.SIGSTOP)
            case "thaw":
                self._service.process.signal(signal.SIGCONT)
            case unknown:
                raise ValueError(unknown)

    async def control_store(self, action: str, *, within_s: float) -> None:
        """Do an action of a `store` step."""
        match action:
            case "kill":
                await self._store.kill()
            case "start":
                await self._store.start()
            case "freeze":
                self._store.freeze()
            case "thaw":
                self._store.thaw()
            case "full":
                await limit_memory(self._store, 1)
            case "refuses":
                await until_refused(self._store, within=within_s)
            case "emptied":
                await limit_memory(self._store, 0)
            case unknown:
                raise ValueError(unknown)

    async def erase(self, user_id: str) -> None:
        """Erase a user from all contests through the second server."""
        async with self._another() as another:
            token = None
            while token != "":
                request = contests_pb2.EraseUserRequest(user_id=user_id, page_token=token)
                answer = await another.contests.EraseUser(request, timeout=DEADLINE_S)
                token = answer.next_page_token

    async def end_season(self, contest_id: str, season: int) -> None:
        """End a season of a contest through the second server."""
        async with self._another() as another:
            request = contests_pb2.ResetContestRequest(contest_id=contest_id, season=season)
            await another.contests.ResetContest(request, timeout=DEADLINE_S)

    def _another(self) -> ServiceProcess:
        return ServiceProcess(self._folder, redis_url=self._store.url)
