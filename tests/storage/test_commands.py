"""The commands that scripts run: rules cost a contest without them no command."""

from collections import Counter

import pytest
from redis.asyncio import Redis

from harness.seasons import end_season
from harness.stores import Flavour
from leaderboard_server.domain.rules import RankStyle, Rules
from leaderboard_server.storage import keys
from leaderboard_server.storage.rules_codec import encode_rules
from storage.conftest import NewStore
from storage.contest import CONTEST, add, commit, rank


async def commands(redis: Redis) -> Counter[str]:
    """Return how often each command ran, without those of the connection and of this count."""
    stats = await redis.info("commandstats")
    return Counter(
        {
            name.removeprefix("cmdstat_"): values["calls"]
            for name, values in stats.items()
            if name.removeprefix("cmdstat_") not in {"info", "hello", "client|setinfo", "select"}
        }
    )


KNOWN_USER = {
    "evalsha": 1,
    "hmget": 3,
    "zscore": 1,
    "zrevrank": 2,
    "zadd": 1,
    "zrem": 1,
    "zcard": 1,
    "hset": 3,
    "xadd": 1,
    "publish": 1,
}
SHARED = {
    RankStyle.COMPETITION: {"zcount": 2},
    RankStyle.DENSE: {"zcount": 2, "hincrby": 2, "hdel": 1, "zrem": 1},
}


@pytest.mark.parametrize("any_store", list(Flavour), indirect=True)
class TestCommands:
    """Counted by the store itself."""

    async def test_commit_of_a_known_user(self, new_store: NewStore, any_redis: Redis) -> None:
        """One look at the requests, the users and meta each; the board, users, meta, log, reply."""
        store = new_store()
        await commit(store, add("ada"), add("bo"))
        before = await commands(any_redis)

        await commit(store, add("ada"))

        assert await commands(any_redis) - before == Counter(KNOWN_USER)

    @pytest.mark.parametrize("style", [RankStyle.COMPETITION, RankStyle.DENSE])
    async def test_commit_with_shared_ranks(
        self, new_store: NewStore, any_redis: Redis, style: RankStyle
    ) -> None:
        """Each rank takes one command more; dense ones count the scores, and one leaves here."""
        store = new_store()
        await any_redis.hset(keys.meta(CONTEST), "rules", encode_rules(Rules(rank_style=style)))
        await commit(store, add("ada"), add("ada"), add("bo", 2), add("cy"))
        before = await commands(any_redis)

        await commit(store, add("cy"))

        more = await commands(any_redis) - before - Counter(KNOWN_USER)
        assert more == Counter(SHARED[style])

    async def test_commit_with_a_request_id(self, new_store: NewStore, any_redis: Redis) -> None:
        """The other two request buckets are looked at as well, and the expiry of this one."""
        store = new_store()
        await commit(store, add("ada"), add("bo"))
        before = await commands(any_redis)

        await commit(store, add("ada", request_id="one"))

        ran = await commands(any_redis) - before
        assert ran == Counter(KNOWN_USER) + Counter({"hmget": 2, "ttl": 1})

    async def test_commit_of_a_contest_with_seasons(
        self, new_store: NewStore, any_redis: Redis
    ) -> None:
        """A look at the clock, and with a user's first write one at the season before."""
        store = new_store()
        await commit(store, add("ada"), add("bo"))
        await end_season(store, CONTEST)
        await any_redis.hset(keys.meta(CONTEST), "reset_at", 10**14)
        await commit(store, add("ada"), add("cy"))
        before = await commands(any_redis)
        await commit(store, add("ada"))
        known = await commands(any_redis)
        await commit(store, add("bo"))
        new = await commands(any_redis)
        await store.top(CONTEST, 1, 10)
        await store.top(CONTEST, 1, 10)

        assert known - before == Counter(KNOWN_USER) + Counter({"time": 1})
        without_row = {"zscore": 1, "zrevrank": 1, "zrem": 1}
        assert new - known == Counter(KNOWN_USER) + Counter({"time": 1, "hmget": 1}) - Counter(
            without_row
        )
        assert (await commands(any_redis) - new)["time"] == 4

    async def test_rank_of_a_user(self, new_store: NewStore, any_redis: Redis) -> None:
        """The position, the total, the user and its row."""
        store = new_store()
        await commit(store, add("ada"))
        await rank(store, "ada")
        before = await commands(any_redis)

        await rank(store, "ada")

        ran = await commands(any_redis) - before
        separate = ran.pop("zscore", 0)
        assert separate <= 1
        assert ran == {"evalsha": 1, "hmget": 2, "zcard": 1, "zrevrank": 1}

    async def test_top_rows(self, new_store: NewStore, any_redis: Redis) -> None:
        """The position, the total, the rows and their users."""
        store = new_store()
        await commit(store, add("ada"))
        await store.top(CONTEST, 1, 10)
        before = await commands(any_redis)

        await store.top(CONTEST, 1, 10)

        ran = await commands(any_redis) - before
        assert ran == {"evalsha": 1, "hmget": 2, "zcard": 1, "zrevrange": 1}
