"""Score buffers while the store is full: updates are kept, sent again, and counted once."""

from collections import Counter

import pytest
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status
from redis.asyncio import Redis

from cli.fake_service import FakeService
from cli.refusals import refusal
from clients.python.any_client import CLIENTS, AnyClient, call
from clients.python.reports import Reports
from harness.calls import scores
from harness.service import ServiceProcess
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import Overloaded, ScoreUpdate

REASON = "ERROR_REASON_STORE_FULL"
UPDATES = [ScoreUpdate("cup", f"user-{number % 7}", 1) for number in range(50)]


def full(retry_after: float = 0.01) -> Status:
    """Return the status of the service while its store is full."""
    return refusal(
        code_pb2.RESOURCE_EXHAUSTED, "the store is full", REASON, retry_after=retry_after
    )


async def test_refused_updates_are_kept(fake: FakeService, client: AnyClient) -> None:
    """Updates of a batch that found no room are sent again, with their request ids."""
    attempts: Counter[str] = Counter()

    def refuse(update: pb.UpdateScoreRequest) -> Status | None:
        attempts[update.request_id] += 1
        return full() if attempts[update.request_id] <= 2 else None

    fake.refuse_update = refuse
    reports = Reports()
    buffer = client.score_buffer(linger=60.0, batch_size=20, on_error=reports)
    for update in UPDATES:
        await call(buffer, "add", update)
    await call(buffer, "close")

    assert (buffer.acknowledged, buffer.refused, reports.kinds) == (50, 0, [])
    assert sum(fake.scores.values()) == 50
    assert list(attempts.values()) == [3] * 50


async def test_refused_batches_are_kept(fake: FakeService, client: AnyClient) -> None:
    """A batch that was refused as a whole is sent again as it is, unlike one that is too large."""
    fake.refusals.extend([full()] * 3)
    buffer = client.score_buffer(linger=60.0)
    for update in UPDATES:
        await call(buffer, "add", update)
    await call(buffer, "close")

    assert fake.batches == [50] * 4
    assert sum(fake.scores.values()) == 50


async def test_updates_are_given_up_in_the_end(fake: FakeService, client: AnyClient) -> None:
    """If there is no room until `give_up_after`, each update is reported with the store's error."""
    fake.refuse_update = lambda _update: full()
    reports = Reports()
    buffer = client.score_buffer(linger=0.0, give_up_after=0.3, on_error=reports)
    for update in UPDATES:
        await call(buffer, "add", update)
    await call(buffer, "close")

    assert (buffer.acknowledged, buffer.refused) == (0, 50)
    assert set(reports.kinds) == {Overloaded}


async def _refusals(redis: Redis) -> int:
    """Return how often the store refused a call because it is full."""
    errors = await redis.info("errorstats")
    return int(errors["errorstat_OOM"]["count"])


@pytest.mark.parametrize("kind", CLIENTS, ids=["sync", "async"])
async def test_a_real_store_that_is_full_for_a_while(
    own_store: StoreProcess, service: ServiceProcess, kind: type[AnyClient]
) -> None:
    """With a store over its `maxmemory` updates wait, and count once when there is room again."""
    client: AnyClient = kind(service.address)
    await call(client, "update_score", "cup", "user-0", 1)
    async with own_store.client() as redis:
        await redis.config_set("maxmemory", 1)
        with pytest.raises(Overloaded) as raised:
            await call(client, "update_score", "cup", "ada", 1, timeout=1)
        refused = await _refusals(redis)
        reports = Reports()
        buffer = client.score_buffer(linger=0.0, on_error=reports)
        for update in UPDATES:
            await call(buffer, "add", update)

        async def was_refused() -> bool:
            return await _refusals(redis) > refused

        await eventually(was_refused, "a refusal of the store")
        await redis.config_set("maxmemory", 0)
        await eventually(lambda: buffer.acknowledged == len(UPDATES), "all updates", within=40)
    await call(buffer, "close")
    await call(client, "close")

    assert (raised.value.reason, raised.value.retry_after) == (REASON, 5.0)
    assert (buffer.refused, reports.kinds) == (0, [])
    assert sum((await scores(service.stub, "cup")).values()) == len(UPDATES) + 1
