"""Erasure of a user from kept seasons: also one that ends meanwhile, in parts that stay small."""

import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from contests.erased_user import ATTRIBUTE, ERASED, NAME
from contests.two_servers import everything
from harness.cluster_store import Store
from harness.node import Node
from harness.season_reader import SeasonReader, reading
from harness.seasons import end_season
from leaderboard_server.board.kept_cache import TTL_S
from leaderboard_server.contests.moderation import SEASONS_OF_PART, Moderation
from leaderboard_server.domain.contest import ContestSettings
from leaderboard_server.domain.errors import UserNotFound
from leaderboard_server.domain.moderation import UsersQuery
from leaderboard_server.domain.rules import Order, RankStyle, Rules
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage import keys
from leaderboard_server.storage.moderation_store import ModerationReply, ModerationStore
from leaderboard_server.storage.season_store import ErasedSeasons, SeasonStore

CONTEST = "cup"
TEXTS = (ERASED, NAME, ATTRIBUTE)
RULES = [
    Rules(),
    Rules(rank_style=RankStyle.COMPETITION),
    Rules(rank_style=RankStyle.DENSE, order=Order.LOWEST_FIRST),
]


@pytest_asyncio.fixture(name="server")
async def _server(store: Store) -> AsyncIterator[SeasonReader]:
    """Yield a server that reads the contest."""
    async with reading(store.url, CONTEST) as reader:
        yield reader


@pytest_asyncio.fixture(name="second")
async def _second(store: Store) -> AsyncIterator[SeasonReader]:
    """Yield a second server on the same store."""
    async with reading(store.url, CONTEST) as reader:
        yield reader


async def write(node: Node, user_id: str, points: int) -> None:
    """Write to the contest, with a name, an attribute and a request id."""
    update = ScoreUpdate(
        CONTEST,
        user_id,
        points,
        request_id=f"{user_id}-{points}"[-20:],
        display_name=NAME if user_id == ERASED else "",
        attributes=(("country", ATTRIBUTE),) if user_id == ERASED else (),
    )
    await node.committer.commit(CONTEST, (update,))


async def holding(redis: Redis) -> list[str]:
    """Return the keys that hold something of the user."""
    return [
        key
        async for key, held in everything(redis)
        if any(text in each for text in TEXTS for each in (key, *held))
    ]


async def play(server: SeasonReader, second: SeasonReader) -> None:
    """Write to five seasons through both servers; the user is hidden from the third one on."""
    node = server.node
    for season in range(1, 6):
        for points, user_id in enumerate(("ada", ERASED, "bo", "cy"), season):
            await write(node if season % 2 else second.node, user_id, points)
        if season == 2:
            await node.moderation.remove(UsersQuery(CONTEST, (ERASED,)))
        if season == 3:
            await node.moderation.hide(UsersQuery(CONTEST, (ERASED,)))
        if season < 5:
            await end_season(node.store, CONTEST)


@pytest.mark.parametrize("rules", RULES)
async def test_nothing_is_left_of_an_erased_user(
    server: SeasonReader, second: SeasonReader, redis: Redis, rules: Rules
) -> None:
    """In no season: not in the store, nor in the answers of either server."""
    moderation = server.node.moderation
    await server.node.settings.create(CONTEST, ContestSettings(rules=rules))
    await play(server, second)
    for season in range(6):
        await server.everything(season)
        assert await second.everything(season)
        await second.users(season, ("ada", ERASED))

    part = await moderation.erase(ERASED, "")

    assert (part.contests_changed, part.next_after) == (1, "")
    assert await holding(redis) == []
    second.clock.now_s += TTL_S
    for reader, season in itertools.product((server, second), range(6)):
        found = str(await reader.everything(season))
        assert not any(text in found for text in TEXTS)
        with pytest.raises(UserNotFound):
            await reader.rank(season, ERASED)
        assert (await reader.users(season, ("ada", ERASED))).missing == (ERASED,)
    assert (await moderation.erase(ERASED, "")).contests_changed == 0


class EndingSeason(ModerationStore):
    """A store in which the season ends, with a write of the user, during its first erasures."""

    def __init__(self, node: Node, seasons: int) -> None:
        self._node, self._left = node, seasons

    async def erase(self, contest_id: str, user_id: str) -> ModerationReply:
        """Erase a user, and end a season afterwards."""
        reply = await self._node.store.moderation.erase(contest_id, user_id)
        if self._left:
            self._left -= 1
            await write(self._node, user_id, self._left)
            await end_season(self._node.store, contest_id)
            await self._node.add(contest_id, user_id)
            await self._node.store.moderation.remove(contest_id, (user_id,))
        return reply


async def test_season_that_ends_during_an_erasure(server: SeasonReader, redis: Redis) -> None:
    """It is erased from that one too, as are a name and a log entry that it left behind."""
    node = server.node
    for _ in range(2):
        await write(node, ERASED, 1)
        await end_season(node.store, CONTEST)
    await write(node, ERASED, 2)
    users = EndingSeason(node, 2)
    moderation = Moderation(users, node.store.seasons, node.contest_list, node.followers)

    part = await moderation.erase(ERASED, "")

    assert part.contests_changed == 1
    assert await holding(redis) == []


class CountingSeasons(SeasonStore):
    """Counts the seasons that an erasure looks at."""

    def __init__(self, seasons: SeasonStore) -> None:
        self._seasons = seasons
        self.looked_at = 0
        self.largest = 0

    async def erase(self, contest_id: str, user_id: str, seasons: Sequence[int]) -> ErasedSeasons:
        """See `SeasonStore`."""
        self.looked_at += len(seasons)
        self.largest = max(self.largest, len(seasons))
        return await self._seasons.erase(contest_id, user_id, seasons)


async def test_part_of_contests_that_keep_many_seasons(node: Node, redis: Redis) -> None:
    """A part ends after some thousand seasons; the parts together miss none."""
    contest_ids = [f"c{number:02}" for number in range(14)]
    for contest_id in contest_ids:
        await node.add(contest_id, "ada")
        entries = {str(n): f"{n:x}-1_{n} 5 - {n}000 1 " for n in range(1, 1_001)}
        await redis.hset(keys.seasons(contest_id), mapping=cast("Any", entries))
        await redis.hset(keys.meta(contest_id), "epoch", "3e9-1_1001")
        oldest, latest = keys.of_seasons(contest_id, (1,)), keys.of_seasons(contest_id, (1_000,))
        for board, users, *_ in (oldest, latest):
            await redis.zadd(board, {f"{'0' * 14}{ERASED}": 1})
            await redis.hset(users, ERASED, "0" * 14)
    seasons = CountingSeasons(node.store.seasons)
    moderation = Moderation(node.store.moderation, seasons, node.contest_list, node.followers)

    part = await moderation.erase(ERASED, "")
    assert SEASONS_OF_PART < seasons.looked_at < 2 * SEASONS_OF_PART
    assert seasons.largest <= 50
    changed, parts = part.contests_changed, 1
    while part.next_after:
        part = await moderation.erase(ERASED, part.next_after)
        changed += part.contests_changed
        parts += 1

    assert (changed, parts) == (len(contest_ids), 2)
    assert await holding(redis) == []


async def test_contest_in_its_first_season_costs_one_call(node: Node) -> None:
    """No kept seasons are looked at where there are none."""
    await node.add(CONTEST, "ada")
    seasons = CountingSeasons(node.store.seasons)
    moderation = Moderation(node.store.moderation, seasons, node.contest_list, node.followers)

    await moderation.erase(ERASED, "")

    assert seasons.looked_at == 0
