"""Contests that open, close, expire and are deleted, in the store."""

import time

import pytest
from redis.asyncio import Redis

from harness.waiting import eventually
from leaderboard_server.domain.change import Mark
from leaderboard_server.domain.contest import ContestSettings
from leaderboard_server.domain.errors import ContestNotFound, ContestNotOpen
from leaderboard_server.domain.life import ContestState, Life
from leaderboard_server.domain.position import BEGINNING
from leaderboard_server.domain.rules import RankStyle, Rules
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult
from leaderboard_server.storage import keys
from leaderboard_server.storage.codec import decode_commit
from leaderboard_server.storage.store import Store
from storage.conftest import NewStore, NextMessage
from storage.contest import CONTEST, add, commit, ids

LONG_AGO_MS, FAR_MS = 1_000_000_000_000, 4_000_000_000_000
SCHEDULED = Life(starts_at_ms=FAR_MS)
CLOSED = Life(starts_at_ms=LONG_AGO_MS, ends_at_ms=LONG_AGO_MS + 1)
OPEN = Life(starts_at_ms=LONG_AGO_MS, ends_at_ms=FAR_MS)
DENSE = Rules(rank_style=RankStyle.DENSE)


async def set_life(store: Store, life: Life) -> None:
    """Change the times of the contest, which has no other settings."""
    contest = await store.contests.read(CONTEST)
    assert contest
    await store.contests.update(CONTEST, contest.settings, contest.settings._replace(life=life))


@pytest.mark.parametrize(
    ("life", "state", "time_ms"),
    [(SCHEDULED, "SCHEDULED", FAR_MS), (CLOSED, "CLOSED", LONG_AGO_MS + 1)],
)
async def test_contest_that_is_not_open_takes_no_writes(
    new_store: NewStore, life: Life, state: str, time_ms: int
) -> None:
    """The error has the state and its time, and nothing is written."""
    store = new_store()
    created = await store.contests.create(CONTEST, ContestSettings(life=life))
    assert created.contest.state == state

    (refused,) = (await store.commit(CONTEST, [add("ada")])).outcomes()

    assert isinstance(refused, ContestNotOpen)
    assert refused.state is ContestState(state)
    assert refused.time == ContestNotOpen(CONTEST, ContestState(state), time_ms).time
    assert await store.position(CONTEST) == created.contest.position
    assert await ids(store) == []


async def test_contest_is_open_between_its_times(new_store: NewStore) -> None:
    """Writes are accepted after the start and before the end."""
    store = new_store()
    created = await store.contests.create(CONTEST, ContestSettings(life=OPEN))

    await commit(store, add("ada"))

    assert created.contest.state is ContestState.OPEN


async def test_repeat_of_a_write_from_before_the_end(new_store: NewStore) -> None:
    """It gets its first answer, while another write beside it is refused."""
    store = new_store()
    (first,) = await commit(store, add("ada", 5, request_id="r1"))
    await set_life(store, CLOSED)

    again, refused = (
        await store.commit(CONTEST, [add("ada", 5, request_id="r1"), add("bo")])
    ).outcomes()

    assert isinstance(again, UpdateResult)
    assert again == first._replace(replayed=True)
    assert isinstance(refused, ContestNotOpen)


async def test_closed_contest_is_opened_again(new_store: NewStore) -> None:
    """Without its end it takes writes."""
    store = new_store()
    await store.contests.create(CONTEST, ContestSettings(life=CLOSED))

    await set_life(store, Life())

    await commit(store, add("ada"))


@pytest.mark.parametrize("epoch", ["", "its own"])
async def test_deleted_contest_leaves_no_key(
    new_store: NewStore, any_redis: Redis, epoch: str
) -> None:
    """All of its keys and its entry of the registry are gone, and others are as they were."""
    store = new_store()
    await store.commit("other", [ScoreUpdate("other", "ada", 1)])
    others = set(await any_redis.keys())
    await store.contests.create(CONTEST, ContestSettings(rules=DENSE))
    (result,) = await commit(store, add("ada", 1, request_id="r1"))
    await store.moderation.hide(CONTEST, ("ada",))

    deleted = await store.contests.delete(CONTEST, epoch and result.position.epoch)

    assert deleted == result.position.epoch
    assert set(await any_redis.keys()) == others
    assert store.latest(CONTEST) == BEGINNING
    (again,) = await commit(store, add("ada", 1, request_id="r1"))
    assert (again.replayed, again.position.revision) == (False, 1)
    assert again.position.epoch != result.position.epoch
    part = keys.registry_part(CONTEST)
    await eventually_registered(any_redis, part)


async def eventually_registered(redis: Redis, part: int) -> None:
    """Wait until the contest is in the registry."""

    async def registered() -> bool:
        return await redis.zscore(keys.registry(part), CONTEST) is not None

    await eventually(registered, "the contest in the registry")


async def test_contest_of_another_epoch_is_not_deleted(new_store: NewStore) -> None:
    """Nothing happens, as where there is no contest."""
    store = new_store()
    assert await store.contests.delete(CONTEST, "") == ""
    (result,) = await commit(store, add("ada"))

    assert await store.contests.delete(CONTEST, "another") == ""

    assert await store.position(CONTEST) == result.position


async def test_deletion_is_published(new_store: NewStore, next_message: NextMessage) -> None:
    """Subscribers learn the epoch and the revision at which it ended."""
    store = new_store()
    (result,) = await commit(store, add("ada"))
    await next_message()
    await store.contests.delete(CONTEST, "")

    published = decode_commit(CONTEST, await next_message())
    assert (published.mark, published.position) == (Mark.CONTEST_DELETED, result.position)


@pytest.mark.parametrize("through", ["read", "write", "create", "remove", "exists"])
async def test_expired_contest_is_absent(
    new_store: NewStore, any_redis: Redis, through: str
) -> None:
    """Whatever comes first deletes it with all keys; a write begins another contest."""
    store = new_store()
    settings = ContestSettings("Cup", DENSE, CLOSED._replace(expire_after_ms=1_000))
    await store.commit(CONTEST, [add("ada")])
    contest = await store.contests.read(CONTEST)
    assert contest
    await store.contests.update(CONTEST, contest.settings, ContestSettings("Cup"))
    await store.contests.update(CONTEST, ContestSettings("Cup"), settings._replace(rules=Rules()))

    match through:
        case "read":
            assert (await store.top(CONTEST, 1, 10)).position == BEGINNING
        case "write":
            (result,) = await commit(store, add("bo"))
            assert (result.position.revision, result.user.rank) == (1, 1)
            assert await ids(store) == ["bo"]
            return
        case "create":
            created = await store.contests.create(CONTEST, ContestSettings("Other"))
            assert (created.contest.settings.display_name, created.contest.total_users) == (
                "Other",
                0,
            )
            return
        case "remove":
            assert (await store.moderation.remove(CONTEST, ("ada",))).result.number == 0
        case "exists":
            assert not await store.contests.exists(CONTEST)
    assert not [key async for key in any_redis.scan_iter(match=f"{keys.PREFIX}*")]


async def test_expiry_counts_from_the_last_write(new_store: NewStore, any_redis: Redis) -> None:
    """Each commit moves it, by less than a sixtieth of the time more than it has to."""
    store, after_ms = new_store(), 600_000
    await store.contests.create(CONTEST, ContestSettings(life=Life(expire_after_ms=after_ms)))
    created_expiry = await expires_at(any_redis)
    await any_redis.hset(keys.meta(CONTEST), "expires_at", str(created_expiry - after_ms + 60_000))

    await commit(store, add("ada"))

    moved = await expires_at(any_redis)
    now = time.time() * 1_000
    assert now + after_ms - 5_000 <= moved <= now + after_ms + 10_000
    await commit(store, add("ada"))
    assert await expires_at(any_redis) == moved, "it is not moved by each write"


async def test_contest_does_not_expire_before_it_opens(
    new_store: NewStore, any_redis: Redis
) -> None:
    """Where it has no end, its expiry counts from the start at the earliest."""
    life = SCHEDULED._replace(expire_after_ms=1_000)
    await new_store().contests.create(CONTEST, ContestSettings(life=life))

    assert await expires_at(any_redis) >= FAR_MS + 1_000


async def expires_at(redis: Redis) -> int:
    """Return when the contest expires, in milliseconds since 1970."""
    text = await redis.hget(keys.meta(CONTEST), "expires_at")
    assert text
    return int(text)


async def test_expired_contest_does_not_begin_by_itself(new_store: NewStore) -> None:
    """Where contests have to be created a write to an expired one is refused."""
    store = new_store(auto_create=False)
    life = CLOSED._replace(expire_after_ms=1_000)
    await store.contests.create(CONTEST, ContestSettings(life=life))

    (refused,) = (await store.commit(CONTEST, [add("ada")])).outcomes()

    assert isinstance(refused, ContestNotFound)
