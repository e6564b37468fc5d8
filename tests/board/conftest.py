"""A plain driver beside the servers."""

from collections.abc import AsyncIterator

import pytest_asyncio
from redis.asyncio import Redis

from harness.stores import StoreProcess


@pytest_asyncio.fixture(name="redis")
async def _redis(store: StoreProcess) -> AsyncIterator[Redis]:
    """Give a client of the store that the servers are on."""
    async with store.client() as client:
        yield client
