"""Promise 2 of the store: what it refuses is refused whole; and what is logged of refusals."""

import contextlib
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import ResponseError
from structlog.testing import capture_logs

from harness.refusals import dumped
from harness.stores import StoreProcess
from harness.uncounted import store_instruments
from leaderboard_server.domain.contest import ContestSettings
from leaderboard_server.domain.errors import StoreCause, StoreFull, StoreUnavailable
from leaderboard_server.domain.rules import RankStyle, Rules
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage import keys
from leaderboard_server.storage import refusals as module
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from leaderboard_server.storage.refusals import Refusals
from leaderboard_server.storage.store import Retention, Store
from storage.contest import CONTEST, add, commit

_RIGHTS = ("zadd", "zrem", "zrevrank", "zcard", "hset", "xrevrange", "xadd", "ttl", "expireat")
_MODERATION_RIGHTS = (*_RIGHTS[:5], "zscore", "zcount", "hdel", "hexists", "hincrby", "xadd")
_FULL = ResponseError("OOM command not allowed when used memory > 'maxmemory'.")


@pytest_asyncio.fixture(name="server")
async def _server(redis: Redis) -> AsyncIterator[Store]:
    """Yield the store of a server on a real one."""
    connection = PipelinedConnection(redis)
    yield Store(connection, connection, Retention(history_changes=100), store_instruments())
    await connection.close()


@pytest_asyncio.fixture(name="limit")
async def _limit(redis: Redis) -> AsyncIterator[Callable[[int], Any]]:
    """Yield a function that leaves the store so many bytes; the limit ends with the test."""

    async def limit(left: int) -> None:
        used: int = (await redis.info("memory"))["used_memory"]
        await redis.config_set("maxmemory", used + left)

    yield limit
    await redis.config_set("maxmemory", 0)


async def test_store_at_the_brim_takes_each_commit_whole_or_not_at_all(
    server: Store, limit: Callable[[int], Any]
) -> None:
    """Board and log are those of the accepted commits, however often others are refused."""
    chance = random.Random(7)
    expected: dict[str, int] = {}
    accepted = refused = 0
    await limit(100_000)
    while refused < 200:
        updates = [
            add(
                f"user-{chance.randrange(min(10 + accepted, 900))}",
                chance.randrange(1, 100),
                request_id=chance.choice(["", f"request-{chance.random()}"]),
            )
            for _ in range(chance.randrange(1, 40))
        ]
        try:
            await commit(server, *updates)
        except StoreFull:
            refused += 1
            if refused % 20 == 0:
                await limit(20_000)
        else:
            accepted += 1
            for update in updates:
                expected[update.user_id] = expected.get(update.user_id, 0) + update.points
        page = await server.top(CONTEST, 1, 1_000)
        assert {user.user_id: user.score for user in page.users} == expected
        history = await server.history(CONTEST, page.position.revision, 1)
        assert (history.position, history.commits) == (page.position, [])
        assert (history.before and history.before.position) == (page.position if accepted else None)
    assert accepted > 20


async def test_full_store_begins_the_epoch_of_a_lost_history(
    server: Store, redis: Redis, limit: Callable[[int], Any]
) -> None:
    """Reads go on, from what the store holds."""
    (first,) = await commit(server, add("ada"))
    await redis.hset(keys.meta(CONTEST), "revision", "0")
    await limit(-100_000)

    page = await server.top(CONTEST, 1, 10)

    assert page.position.epoch != first.position.epoch
    assert [user.user_id for user in page.users] == ["ada"]
    with pytest.raises(StoreFull):
        await server.commit(CONTEST, (add("ada"),))


async def test_full_store_refuses_settings_and_lists_contests(
    server: Store, redis: Redis, limit: Callable[[int], Any]
) -> None:
    """Nothing is written, and contests are found that the registry lacks."""
    created = await server.contests.create(CONTEST, ContestSettings())
    registry = keys.registry(keys.registry_part(CONTEST))
    await redis.delete(registry)
    before = await dumped(redis, CONTEST)
    await limit(-100_000)

    with pytest.raises(StoreFull):
        await server.contests.update(CONTEST, ContestSettings(), ContestSettings("Cup"))
    with pytest.raises(StoreFull):
        await server.contests.create("other", ContestSettings())

    assert await dumped(redis) == before
    assert await server.contests.read(CONTEST) == created.contest
    assert await server.registry.read(keys.registry_part(CONTEST), "", "", 10) == [CONTEST]


@pytest.mark.parametrize("right", ["hset", "hdel", "xadd", "zcard"])
async def test_settings_without_a_right_are_not_written(
    server: Store, redis: Redis, store: StoreProcess, right: str
) -> None:
    """A user that lacks a right of the scripts is refused before the first write."""
    await server.contests.create(CONTEST, ContestSettings())
    await redis.acl_setuser(
        "server", enabled=True, passwords="+x", keys=["*"], commands=["+@all", f"-{right}"]
    )
    before = await dumped(redis, CONTEST)
    driver = connect(f"redis://server:x@127.0.0.1:{store.port}")
    connection = PipelinedConnection(driver)
    limited = Store(connection, connection, Retention(), store_instruments())
    for write in (
        limited.contests.update(CONTEST, ContestSettings(), ContestSettings("Cup")),
        limited.contests.create("new", ContestSettings("Cup")),
    ):
        with pytest.raises(StoreUnavailable) as failed:
            await write
        assert failed.value.cause is StoreCause.NO_RIGHTS

    assert (await dumped(redis, CONTEST), await dumped(redis, "new")) == (before, {})
    await connection.close()
    await driver.aclose()
    await redis.acl_deluser("server")


@pytest.mark.parametrize("right", _RIGHTS)
async def test_commit_without_a_right_writes_nothing(
    server: Store, redis: Redis, store: StoreProcess, right: str
) -> None:
    """A user that lacks a right of the script is refused before the first write."""
    await commit(server, add("ada", 5, request_id="r"))
    await redis.acl_setuser(
        "server", enabled=True, passwords="+x", keys=["*"], commands=["+@all", f"-{right}"]
    )
    before = await dumped(redis, CONTEST)
    driver = connect(f"redis://server:x@127.0.0.1:{store.port}")
    connection = PipelinedConnection(driver)
    limited = Store(connection, connection, Retention(), store_instruments())
    for contest_id in (CONTEST, "new"):
        with pytest.raises(StoreUnavailable) as failed:
            await limited.commit(contest_id, (ScoreUpdate(contest_id, "ada", 1, request_id="s"),))
        assert failed.value.cause is StoreCause.NO_RIGHTS

    # Servers of other tests on this store may begin epochs, now that their contests are gone.
    assert (await dumped(redis, CONTEST), await dumped(redis, "new")) == (before, {})
    await connection.close()
    await driver.aclose()
    await redis.acl_deluser("server")


async def test_commit_that_was_overtaken_is_no_refusal(redis: Redis) -> None:
    """It may have been applied before the later one, so the log has another entry for it."""
    connection = PipelinedConnection(redis)
    first, second = (
        Store(connection, connection, Retention(), store_instruments(), new_token=lambda: "token")
        for _ in range(2)
    )
    await commit(first, add("ada"))
    await commit(first, add("ada"))
    with capture_logs() as entries, pytest.raises(StoreUnavailable):
        await second.commit(CONTEST, (add("ada"),))

    assert [entry["event"] for entry in entries] == ["commit_superseded"]
    await connection.close()


class TestLog:
    """Refusals in the log: once for each cause, and once when they are over."""

    @pytest.fixture(name="now")
    def _now(self) -> list[float]:
        """Return a list of the present time, for the test to change."""
        return [100.0]

    @pytest.fixture(name="refusals")
    def _refusals(self, now: list[float]) -> Refusals:
        """Return refusals with that clock."""
        return Refusals(clock=lambda: now[0])

    def test_each_cause_is_logged_once(self, refusals: Refusals) -> None:
        """However many calls are refused, and whichever cause comes in between."""
        with capture_logs() as entries:
            for _ in range(100):
                for text in ("OOM no", "NOREPLICAS no", "MISCONF no", "ERR unknown"):
                    refusals.failure(ResponseError(text), sent_before=False)
                refusals.observe_reply()

        assert [(entry["event"], entry["cause"]) for entry in entries] == [
            ("store_refused", "full"),
            ("store_refused", "too_few_replicas"),
            ("store_refused", "save_failed"),
            ("store_refused", "other"),
        ]
        assert [entry["reason"] for entry in entries][:2] == ["OOM no", "NOREPLICAS no"]

    def test_end_is_logged_after_a_quiet_time(self, refusals: Refusals, now: list[float]) -> None:
        """At the brim of its memory a store refuses one call and accepts the next."""
        with capture_logs() as entries:
            for _ in range(10):
                refusals.failure(_FULL, sent_before=False)
                now[0] += 0.9 * module.QUIET_S
                refusals.observe_reply()
            now[0] += 0.2 * module.QUIET_S
            refusals.observe_reply()
            refusals.observe_reply()
            refusals.failure(_FULL, sent_before=False)

        events = [entry["event"] for entry in entries]
        assert events == ["store_refused", "store_accepted", "store_refused"]

    def test_unreachable_store_is_left_to_the_monitor(self, refusals: Refusals) -> None:
        """A call that got no answer was not refused."""
        with capture_logs() as entries:
            for error in (ConnectionRefusedError(), TimeoutError(), ConnectionLost("gone")):
                refusals.failure(error, sent_before=True)

        assert entries == []


@pytest.mark.parametrize("right", _MODERATION_RIGHTS)
async def test_moderation_without_a_right_is_whole_or_not_at_all(
    server: Store, redis: Redis, store: StoreProcess, right: str
) -> None:
    """A user that lacks a right of a script is refused before the first write."""
    dense = ContestSettings(rules=Rules(rank_style=RankStyle.DENSE))
    await server.contests.create(CONTEST, dense)
    await commit(server, *(add(user_id, 5) for user_id in ("ada", "bo", "cy", "di")))
    await server.moderation.hide(CONTEST, ("cy", "di"))
    await redis.acl_setuser(
        "server", enabled=True, passwords="+x", keys=["*"], commands=["+@all", f"-{right}"]
    )
    driver = connect(f"redis://server:x@127.0.0.1:{store.port}")
    connection = PipelinedConnection(driver)
    limited = Store(connection, connection, Retention(), store_instruments()).moderation
    for change in (
        limited.unhide(CONTEST, ("cy", "di")),
        limited.hide(CONTEST, ("ada", "bo")),
        limited.remove(CONTEST, ("ada", "bo")),
        limited.erase(CONTEST, "ada"),
    ):
        before = await dumped(redis, CONTEST)
        with contextlib.suppress(StoreUnavailable):
            await change
            continue  # it does not need the right
        assert await dumped(redis, CONTEST) == before
    await connection.close()
    await driver.aclose()
    await redis.acl_deluser("server")
