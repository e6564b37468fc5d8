"""Runs one test with the synchronous and with the asyncio client."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

from leaderboard_client import (
    AsyncLeaderboardClient,
    AsyncScoreBuffer,
    LeaderboardClient,
    ScoreBuffer,
    WatchUpdate,
)

AnyClient: TypeAlias = LeaderboardClient | AsyncLeaderboardClient
"""A client of either kind."""

CLIENTS: tuple[type[AnyClient], ...] = (LeaderboardClient, AsyncLeaderboardClient)
"""Both kinds."""


async def call(
    on: AnyClient | ScoreBuffer | AsyncScoreBuffer, method: str, *args: Any, **options: Any
) -> Any:
    """Call a method and return its result; a synchronous one runs in a thread."""
    if isinstance(on, LeaderboardClient | ScoreBuffer):
        return await asyncio.to_thread(getattr(on, method), *args, **options)
    return await getattr(on, method)(*args, **options)


async def listed(client: AnyClient, method: str, *args: Any, **options: Any) -> list[Any]:
    """Return everything that the iteration of a method yields."""
    items = getattr(client, method)(*args, **options)
    if isinstance(client, AsyncLeaderboardClient):
        return [item async for item in items]
    return await asyncio.to_thread(list, items)


async def watched(client: AnyClient, contest_id: str, **options: Any) -> AsyncIterator[WatchUpdate]:
    """Yield the updates of a watch; a synchronous one is read in a thread."""
    if isinstance(client, AsyncLeaderboardClient):
        async with contextlib.aclosing(client.watch(contest_id, **options)) as updates:
            async for update in updates:
                yield update
        return
    with client.watch(contest_id, **options) as watch:
        while (latest := await asyncio.to_thread(next, watch, None)) is not None:
            yield latest
