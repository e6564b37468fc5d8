"""The registry: every contest that exists can be listed, whatever wrote it."""

import pytest
from redis.asyncio import Redis

from harness.stores import Flavour
from leaderboard_server.domain.contest import ContestSettings
from leaderboard_server.domain.errors import StoreFull
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage import keys
from leaderboard_server.storage.store import Store
from storage.conftest import NewStore


async def registered(store: Store) -> list[str]:
    """Return all registered contests."""
    parts = [await store.registry.read(part, "", "", 1_000) for part in range(keys.REGISTRY_PARTS)]
    return sorted(contest_id for part in parts for contest_id in part)


async def add(store: Store, *contests: str) -> None:
    """Add points in contests."""
    for contest_id in contests:
        await store.commit(contest_id, (ScoreUpdate(contest_id, "ada", 1),))


async def forget(redis: Redis) -> None:
    """Delete the registry, as if an earlier version had written the store."""
    await redis.delete(*(keys.registry(part) for part in range(keys.REGISTRY_PARTS)))


async def test_contests_are_registered_however_they_begin(new_store: NewStore) -> None:
    """By a first score, and by being created, through several servers."""
    one, two = new_store(), new_store()
    await add(one, "a", "b")
    await two.contests.create("c", ContestSettings())
    await add(two, "a", "d")

    assert await registered(one) == await registered(two) == ["a", "b", "c", "d"]


async def test_contests_of_earlier_versions_are_found(
    new_store: NewStore, any_redis: Redis
) -> None:
    """A store without a registry gets one before it is read, also with later contests."""
    store = new_store()
    contests = sorted(f"contest-{number}" for number in range(300))
    await add(store, *contests)
    await forget(any_redis)
    await add(new_store(), "later")

    assert await registered(store) == [*contests, "later"]


async def test_contest_is_registered_in_an_emptied_store(
    new_store: NewStore, any_redis: Redis
) -> None:
    """A contest whose store was emptied is in the registry when it begins again."""
    store = new_store()
    await add(store, "a")
    await any_redis.flushall()
    assert await registered(new_store()) == []

    await add(store, "a")
    await add(store, "a")  # the registry is written before its reply

    assert await registered(new_store()) == ["a"]


@pytest.mark.parametrize("any_store", [*Flavour], indirect=True, scope="session")
async def test_contest_whose_first_commit_was_refused_is_registered_again(
    new_store: NewStore, any_redis: Redis
) -> None:
    """It is listed once it begins, though the store was emptied after the refusal."""
    store = new_store()
    await store.registry.register("a")
    await any_redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(StoreFull):
            await add(store, "a")
    finally:
        await any_redis.config_set("maxmemory", 0)
    await any_redis.flushall()
    assert await registered(new_store()) == []

    await add(store, "a")

    assert await registered(new_store()) == ["a"]


async def test_part_is_read_from_an_id_on(new_store: NewStore) -> None:
    """A part has the ids with the prefix that come after another one, in the order of bytes."""
    store = new_store()
    contests = [
        contest_id
        for number in range(2_000)
        if keys.registry_part(contest_id := f"{'Zz_'[number % 3]}.{number}") == 7
    ]
    await add(store, *contests)
    of_z = sorted(contest_id for contest_id in contests if contest_id.startswith("z."))
    assert len(of_z) > 4

    assert await store.registry.read(7, "", "", 1_000) == sorted(contests)
    assert await store.registry.read(7, "z.", "", 1_000) == of_z
    assert await store.registry.read(7, "z.", of_z[1], 2) == of_z[2:4]
    assert await store.registry.read(7, "z.", of_z[-1], 2) == []
    assert await store.registry.read(7, "y", "", 2) == []


async def test_no_contest_begins_where_scores_do_not_create_one(
    new_store: NewStore, any_redis: Redis
) -> None:
    """An update that is refused, as there is no contest, leaves nothing in the registry."""
    store = new_store(auto_create=False)
    await add(store, "a")
    assert await any_redis.keys() == []

    await store.contests.create("a", ContestSettings())
    await add(store, "a")

    assert await registered(store) == ["a"]
    assert (await store.top("a", 1, 10)).total_users == 1
