"""Servers of one store that are restarted in turn, while clients go on calling and watching."""

import asyncio
from pathlib import Path

import pytest

from clients.python.any_client import CLIENTS, AnyClient, call, watched
from harness.service import ServiceProcess, all_serving
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard_client import Cancelled, LeaderboardError

DEADLINE = 1.5
PERIOD = 0.02


class _Caller:
    """Calls at a rate, each call with its own deadline."""

    def __init__(self, client: AnyClient, user: str) -> None:
        self.acknowledged = 0
        self.failures: list[LeaderboardError] = []
        self._client = client
        self._user = user
        self._stopped = asyncio.Event()
        self._running = asyncio.create_task(self._run())

    async def until_called(self, more: int) -> None:
        """Wait until a number of further calls was made."""
        due = self.acknowledged + more
        await eventually(
            lambda: bool(self.failures) or self.acknowledged >= due, f"{more} more calls"
        )

    async def stop(self) -> None:
        """Make no more calls, and wait for those in flight."""
        self._stopped.set()
        await self._running

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as calls:
            while not self._stopped.is_set():
                calls.create_task(self._call())
                await asyncio.sleep(PERIOD)

    async def _call(self) -> None:
        try:
            await call(self._client, "update_score", "cup", self._user, 1, timeout=DEADLINE)
            self.acknowledged += 1
        except LeaderboardError as error:
            self.failures.append(error)


@pytest.mark.usefixtures("on_each_listener")
async def test_a_rolling_restart_fails_no_call(own_store: StoreProcess, tmp_path: Path) -> None:
    """Every call succeeds in its deadline and counts once, and watches see all changes."""
    services = [
        ServiceProcess(tmp_path / f"service-{number}", redis_url=own_store.url)
        for number in range(2)
    ]
    async with all_serving(*services):
        address = ",".join(service.address for service in services)
        clients: list[AnyClient] = [kind(address) for kind in CLIENTS]
        points = [0, 0]

        async def watch(number: int) -> None:
            async for update in watched(clients[number], "cup"):
                points[number] += sum(change.points for change in update.changes)
                points[number] += sum(
                    row.score for row in update.rows if update.snapshot_reason is not None
                )

        watches = [asyncio.create_task(watch(number)) for number in range(2)]
        callers = [_Caller(client, f"user-{n}") for n, client in enumerate(clients)]
        for service in (*services, services[0]):
            for caller in callers:
                await caller.until_called(more=10)
            await service.restart()
        for caller in callers:
            await caller.stop()

        assert [caller.failures for caller in callers] == [[], []]
        total = sum(caller.acknowledged for caller in callers)
        await eventually(lambda: points == [total, total], "all changes in both watches")
        board = await call(clients[0], "get_top_users", "cup")
        assert {row.user_id: row.score for row in board.users} == {
            f"user-{number}": caller.acknowledged for number, caller in enumerate(callers)
        }
        for client in clients:
            await call(client, "close")
        for ended in await asyncio.gather(*watches, return_exceptions=True):
            assert isinstance(ended, Cancelled)
