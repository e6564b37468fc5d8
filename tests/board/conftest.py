"""Fixtures of the board tests: two servers on one store, and a plain driver."""

from collections.abc import AsyncIterator

import pytest_asyncio
from redis.asyncio import Redis

from harness.node import Node, running_node
from harness.stores import StoreProcess


@pytest_asyncio.fixture(name="redis")
async def _redis(store: StoreProcess) -> AsyncIterator[Redis]:
    """Yield a client of the store that the servers are on."""
    async with store.client() as client:
        yield client


@pytest_asyncio.fixture(name="node")
async def _node(store: StoreProcess) -> AsyncIterator[Node]:
    """Yield a server on a real and empty store, once its feed is up."""
    async with running_node(store.url) as node:
        yield node


@pytest_asyncio.fixture(name="other")
async def _other(store: StoreProcess) -> AsyncIterator[Node]:
    """Yield a second server on the same store."""
    async with running_node(store.url) as node:
        yield node
