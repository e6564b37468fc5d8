"""Contests in the store: their settings, the commits that change these, and what is refused."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as ConnectionLost

from harness.uncounted import store_instruments
from leaderboard_server.domain.change import Mark
from leaderboard_server.domain.contest import Contest, ContestSettings
from leaderboard_server.domain.errors import StoreCause, StoreUnavailable
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.rules import Order, RankStyle, Rules, UpdateMode
from leaderboard_server.storage import keys
from leaderboard_server.storage.contest_store import SettingsOutcome
from leaderboard_server.storage.store import Retention, Store
from leaderboard_server.storage.store_connection import StoreConnection
from storage.conftest import NewStore
from storage.contest import CONTEST, add, commit, ids
from storage.test_resends import FaultyConnection

RULES = Rules(order=Order.LOWEST_FIRST, rank_style=RankStyle.DENSE, default_mode=UpdateMode.BEST)
SETTINGS = ContestSettings("Time trial 🏁", RULES)
RENAMED = SETTINGS._replace(display_name="")


async def read(store: Store) -> Contest:
    """Return the contest, which has to exist."""
    contest = await store.contests.read(CONTEST)
    assert contest
    return contest


async def test_contest_that_does_not_exist_is_not_read(new_store: NewStore) -> None:
    """To read a contest does not begin it."""
    store = new_store()

    assert await store.contests.read(CONTEST) is None
    assert (await store.position(CONTEST)).epoch == ""


async def test_created_contest_has_its_settings(new_store: NewStore, any_redis: Redis) -> None:
    """It is at the first revision, has no users, and began by the clock of the store."""
    reply = await new_store().contests.create(CONTEST, SETTINGS)

    contest = reply.contest
    assert reply.outcome is SettingsOutcome.CREATED
    assert (contest.settings, contest.total_users) == (SETTINGS, 0)
    assert contest.position.revision == 1
    seconds, _ = await any_redis.time()
    assert contest.created_at_s is not None
    assert seconds - 10 <= contest.created_at_s <= seconds
    assert await read(new_store()) == contest


async def test_contest_that_began_with_a_score_has_default_settings(new_store: NewStore) -> None:
    """It has a time at which it began, too."""
    store = new_store()
    await commit(store, add("ada"), add("bo"))

    contest = await read(store)

    assert (contest.settings, contest.total_users) == (ContestSettings(), 2)
    assert contest.created_at_s is not None


async def test_rules_hold_for_the_next_commit(new_store: NewStore) -> None:
    """A commit that follows finds the rules of the contest."""
    store = new_store()
    await store.contests.create(CONTEST, SETTINGS)
    await commit(store, add("ada", 9), add("bo", 7), add("ada", 8))

    assert await ids(store) == ["bo", "ada"]


async def test_contest_is_created_once(new_store: NewStore) -> None:
    """A contest that exists stays as it is, whatever the settings of the request."""
    first = await new_store().contests.create(CONTEST, SETTINGS)

    for settings in (SETTINGS, RENAMED, ContestSettings()):
        reply = await new_store().contests.create(CONTEST, settings)
        assert (reply.contest, reply.outcome) == (first.contest, SettingsOutcome.EXISTS)


async def test_each_change_of_settings_is_a_commit(new_store: NewStore) -> None:
    """The log has one entry for each, which says that the contest was updated."""
    store = new_store()
    created = await store.contests.create(CONTEST, SETTINGS)
    updated = await store.contests.update(CONTEST, SETTINGS, RENAMED)

    assert updated.outcome is SettingsOutcome.UPDATED
    assert updated.contest.settings == RENAMED
    assert updated.contest.position == Position(created.contest.position.epoch, 2)
    history = await store.history(CONTEST, 0, 10)
    assert history.commits == [created.commit(), updated.commit()]
    assert all(each.mark is Mark.CONTEST_UPDATED for each in history.commits)


async def test_default_settings_take_no_fields(new_store: NewStore, any_redis: Redis) -> None:
    """A contest whose settings are set back to the defaults has the fields of any other one."""
    store = new_store()
    await store.contests.create(CONTEST, SETTINGS)
    await store.contests.update(CONTEST, SETTINGS, ContestSettings())

    assert set(await any_redis.hgetall(keys.meta(CONTEST))) == {
        b"epoch",
        b"revision",
        b"schema",
        b"created_at",
        b"first_epoch",
    }


async def test_update_that_changes_nothing_takes_no_revision(new_store: NewStore) -> None:
    """The contest stays at its position."""
    store = new_store()
    created = await store.contests.create(CONTEST, SETTINGS)

    reply = await store.contests.update(CONTEST, SETTINGS, SETTINGS)

    assert reply == (created.contest, SettingsOutcome.SAME)


async def test_update_of_settings_that_others_changed_is_not_written(new_store: NewStore) -> None:
    """The reply has the settings as they are, for another try."""
    store = new_store()
    await store.contests.create(CONTEST, SETTINGS)
    by_others = await new_store().contests.update(CONTEST, SETTINGS, RENAMED)

    reply = await store.contests.update(CONTEST, SETTINGS, ContestSettings("Other", RULES))

    assert reply == (by_others.contest, SettingsOutcome.CHANGED)


async def test_contest_that_does_not_exist_is_not_updated(
    new_store: NewStore, any_redis: Redis
) -> None:
    """Nothing is written."""
    reply = await new_store().contests.update(CONTEST, SETTINGS, RENAMED)

    assert reply.outcome is SettingsOutcome.ABSENT
    assert await any_redis.keys() == []


@pytest.mark.parametrize("scores", [False, True])
async def test_rules_that_order_the_board_are_locked_by_scores(
    new_store: NewStore,
    scores: bool,  # noqa: FBT001
) -> None:
    """A board without scores can be ordered otherwise, one with scores can't."""
    store = new_store()
    await store.contests.create(CONTEST, ContestSettings())
    if scores:
        await commit(store, add("ada"))
    before = await read(store)

    reply = await store.contests.update(CONTEST, ContestSettings(), SETTINGS)

    if scores:
        assert reply == (before, SettingsOutcome.LOCKED)
    else:
        assert (reply.contest.settings, reply.outcome) == (SETTINGS, SettingsOutcome.UPDATED)


async def test_log_is_trimmed_by_changes_of_settings(new_store: NewStore, any_redis: Redis) -> None:
    """However often settings change, the log keeps about as many changes as it has to."""
    store = new_store(history_changes=100)
    before = ContestSettings()
    await store.contests.create(CONTEST, before)
    for number in range(1_000):
        after = ContestSettings(f"Round {number}")
        await store.contests.update(CONTEST, before, after)
        before = after

    assert 100 <= await any_redis.xlen(keys.log(CONTEST)) <= 300


class TestLostHistory:
    """A store that was emptied, or moved back."""

    async def test_create_begins_another_epoch(self, new_store: NewStore, any_redis: Redis) -> None:
        """A contest that is created again has its settings, and another epoch."""
        store = new_store()
        first = await store.contests.create(CONTEST, SETTINGS)
        await any_redis.flushall()

        second = await store.contests.create(CONTEST, SETTINGS)

        assert second.outcome is SettingsOutcome.CREATED
        assert second.contest.settings == SETTINGS
        assert second.contest.position.epoch != first.contest.position.epoch

    async def test_contest_that_went_back_begins_another_epoch(
        self, new_store: NewStore, any_redis: Redis
    ) -> None:
        """Both an update and a create find that commits are missing."""
        store = new_store()
        await store.contests.create(CONTEST, SETTINGS)
        epochs: set[str] = set()
        for change in (
            lambda: store.contests.update(CONTEST, SETTINGS, SETTINGS),
            lambda: store.contests.create(CONTEST, SETTINGS),
            lambda: store.contests.read(CONTEST),
        ):
            (result,) = await commit(store, add(f"user-{len(epochs)}"))
            epochs.add(result.position.epoch)
            await any_redis.hset(keys.meta(CONTEST), "revision", "0")
            await change()

        epochs.add((await store.position(CONTEST)).epoch)
        assert len(epochs) == 4
        assert (await read(store)).settings == SETTINGS


class TestResends:
    """Requests that are sent again after their connection broke."""

    @pytest.fixture(name="faulty")
    def _faulty(self, new_connection: Callable[[], StoreConnection]) -> FaultyConnection:
        """Return a connection that can be broken."""
        return FaultyConnection(new_connection())

    @pytest.mark.parametrize("losses", [1, 2])
    async def test_settings_are_written_once(self, faulty: FaultyConnection, losses: int) -> None:
        """A create and an update whose replies are lost find their own result."""
        store = Store(faulty, faulty, Retention(), store_instruments())
        await store.registry.register(CONTEST)

        async def lose(serve: Callable[[], Awaitable[Any]]) -> None:
            await serve()
            raise ConnectionLost

        faulty.faults = [lose] * losses
        created = await store.contests.create(CONTEST, SETTINGS)
        faulty.faults = [lose] * losses
        updated = await store.contests.update(CONTEST, SETTINGS, RENAMED)

        assert (created.contest.settings, created.contest.position.revision) == (SETTINGS, 1)
        assert (updated.contest.settings, updated.contest.position.revision) == (RENAMED, 2)


class TestNewerSchema:
    """A contest that a later version of the server wrote."""

    async def test_it_is_read_and_not_written(self, new_store: NewStore, any_redis: Redis) -> None:
        """Reads go on, and all writes are refused with the cause."""
        store = new_store()
        await store.contests.create(CONTEST, SETTINGS)
        await commit(store, add("ada"))
        await any_redis.hset(keys.meta(CONTEST), "schema", "99")
        before = await any_redis.hgetall(keys.meta(CONTEST))

        for write in (
            store.commit(CONTEST, (add("ada"),)),
            store.contests.create(CONTEST, SETTINGS),
            store.contests.update(CONTEST, SETTINGS, RENAMED),
        ):
            with pytest.raises(StoreUnavailable) as refused:
                await write
            assert refused.value.cause is StoreCause.NEWER_SCHEMA

        assert await any_redis.hgetall(keys.meta(CONTEST)) == before
        assert await ids(store) == ["ada"]
        assert (await read(store)).settings == SETTINGS
