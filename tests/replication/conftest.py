"""Two servers on one store, and a plain driver beside the servers."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from harness.node import Node, running_node
from harness.stores import StoreProcess
from leaderboard_server.replication import log_follower, log_reader
from replication.following import Following
from replication.two_servers import Servers, two_servers


@pytest_asyncio.fixture(name="redis")
async def _redis(store: StoreProcess) -> AsyncIterator[Redis]:
    """Give a client of the store that the servers are on."""
    async with store.client() as client:
        yield client


@pytest_asyncio.fixture(name="servers")
async def _servers(own_store: StoreProcess, tmp_path: Path) -> AsyncIterator[Servers]:
    """Give two servers on `own_store`."""
    async with two_servers(own_store, tmp_path) as servers:
        yield servers


@pytest_asyncio.fixture(name="node")
async def _node(store: StoreProcess) -> AsyncIterator[Node]:
    """Give a server on a real and empty store, once its feed is up."""
    async with running_node(store.url) as node:
        yield node


@pytest_asyncio.fixture(name="other")
async def _other(store: StoreProcess) -> AsyncIterator[Node]:
    """Give a second server on the same store."""
    async with running_node(store.url) as node:
        yield node


@pytest.fixture(name="short_times")
def _short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let retries and messages in flight take little time."""
    monkeypatch.setattr(log_reader, "RETRY_S", 0.01)
    monkeypatch.setattr(log_follower, "IN_FLIGHT_S", 0.01)


@pytest.fixture(name="new")
def _new(short_times: None) -> Iterator[Following]:
    """Give a follower that is not subscribed yet."""
    following = Following()
    yield following
    following.follower.close()


@pytest.fixture(name="live")
async def _live(new: Following) -> Following:
    """Give a live follower, at the position of the first commit."""
    new.follower.on_subscribed()
    await new.live()
    new.taken()
    return new
