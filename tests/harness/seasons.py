"""Ends seasons of contests in the store."""

import itertools
import time

from redis.asyncio import Redis

from leaderboard_server.domain.position import Position, season_of
from leaderboard_server.storage import keys
from leaderboard_server.storage.store import Store

_epochs = itertools.count()


async def end_season(store: Store, redis: Redis, contest_id: str, keep: int = 10) -> int:
    """End the current season, keep `keep` seasons, and return the number of the one that ended."""
    meta = {
        _text(key): _text(value)
        for key, value in (await redis.hgetall(keys.meta(contest_id))).items()
    }
    epoch, revision = meta["epoch"], int(meta["revision"])
    season = season_of(epoch)
    now = int(time.time() * 1_000)
    total = await redis.zcard(keys.board(contest_id))
    began = meta.get("season_started_at", meta.get("created_at", "0") + "000")
    entry = f"{epoch} {revision} {began} {now} {total} {meta.get('rules', '')}"
    await redis.hset(keys.seasons(contest_id), str(season), entry)
    board, users, _, _, scores = keys.of_contest(contest_id)
    *kept, kept_hidden = keys.of_seasons(contest_id, (season,))
    current = board, users, scores, keys.score_counts(contest_id)
    for name, kept_name in zip(current, kept, strict=True):
        if await redis.exists(name):
            await redis.rename(name, kept_name)
    for user_id, row in (await redis.hgetall(keys.hidden(contest_id))).items():
        await redis.hset(kept_hidden, user_id, row)
        await redis.hset(keys.hidden(contest_id), user_id, "")
    for number in range(1, season + 1 - keep):
        await redis.hdel(keys.seasons(contest_id), str(number))
        await redis.unlink(*keys.of_seasons(contest_id, (number,)))
    after = Position(f"0000000000000000-{next(_epochs):x}_{season + 1}", revision + 1)
    written = {"epoch": after.epoch, "revision": str(after.revision), "season_started_at": str(now)}
    for field, value in written.items():
        await redis.hset(keys.meta(contest_id), field, value)
    payload = f'["{after.epoch}",{revision},{after.revision},0]'
    at = f"{after.revision}-0"
    await redis.xadd(
        keys.log(contest_id), {"commit": payload}, id=at, minid=after.revision, approximate=False
    )
    await redis.publish(keys.channel(contest_id), payload)
    assert await store.position(contest_id) == after
    return season


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
