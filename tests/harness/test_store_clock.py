"""The clock of a store is that of the test, for servers in this process and in others."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from harness.calls import add
from harness.local_server import local_server
from harness.service import ServiceProcess
from harness.store_clock import StoreClock, store_clock_in_use
from harness.stores import StoreProcess
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1.contests_pb2_grpc import ContestServiceStub
from leaderboard_server.storage import scripts
from model.fake_store import FakeStore

IN_2426_MS = 14_392_339_200_000


async def created_at(service: ContestServiceStub, contest_id: str) -> Timestamp:
    """Return when a contest began."""
    request = contests.GetContestRequest(contest_id=contest_id)
    response: contests.GetContestResponse = await service.GetContest(request, timeout=10)
    return response.contest.created_at


@pytest.fixture(name="clock")
def _clock(store: StoreProcess) -> Iterator[StoreClock]:
    with StoreClock(store.url) as clock:
        yield clock


@pytest.mark.usefixtures("on_each_listener")
async def test_time_stands_still_and_advances(store: StoreProcess, clock: StoreClock) -> None:
    """A contest begins at the time that was set, and a later one so much later."""
    with store_clock_in_use():
        async with local_server(store.url) as server:
            clock.set(IN_2426_MS)
            await add(server.stub, "one", "ada", 1)
            clock.advance(3_600_000)
            await add(server.stub, "two", "ada", 1)
            times = [await created_at(server.contests, name) for name in ("one", "two")]
    assert [time.ToMilliseconds() - IN_2426_MS for time in times] == [0, 3_600_000]
    assert clock.read() == IN_2426_MS + 3_600_000


async def test_time_goes_on_from_there(store: StoreProcess, clock: StoreClock) -> None:
    """A running clock is at least where it was set, and follows the time of the store."""
    with store_clock_in_use():
        async with local_server(store.url) as server:
            clock.set(IN_2426_MS)
            clock.run()
            clock.advance(-60_000)
            await add(server.stub, "one", "ada", 1)
            begun = await created_at(server.contests, "one")
    assert -60_000 <= begun.ToMilliseconds() - IN_2426_MS <= 60_000
    assert begun.ToMilliseconds() <= clock.read()


async def test_scripts_are_as_before_afterwards() -> None:
    """Nothing stays replaced in this process."""
    before = scripts.ALL
    with store_clock_in_use():
        assert {script.name for script in scripts.ALL} == {script.name for script in before}
        assert scripts.COMMIT not in before
    assert scripts.ALL is before


async def test_a_server_in_a_process_reads_the_clock(
    store: StoreProcess, clock: StoreClock, tmp_path: Path
) -> None:
    """So does one whose own clock is ahead."""
    clock.set(IN_2426_MS)
    service = ServiceProcess(tmp_path, redis_url=store.url, clock_ahead_ms=400)
    async with service:
        await add(service.stub, "one", "ada", 1)
        begun = await created_at(service.contests, "one")
    assert begun.ToMilliseconds() == IN_2426_MS


async def test_the_fake_store_has_the_clock() -> None:
    """The scripts run on fakeredis too."""
    store = FakeStore()
    await store.start()
    try:
        with store_clock_in_use(), StoreClock(store.url) as clock:
            clock.set(IN_2426_MS)
            async with local_server(store.url) as server:
                await add(server.stub, "one", "ada", 1)
                begun = await created_at(server.contests, "one")
    finally:
        store.end()
    assert begun.ToMilliseconds() == IN_2426_MS
