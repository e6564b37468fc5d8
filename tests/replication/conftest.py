"""Fixtures of the replication tests: servers as processes, and log followers."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from harness.cluster_store import Store
from harness.store_kinds import run_on_clusters_too
from leaderboard_server.replication import log_follower, log_reader
from replication.following import Following
from replication.two_servers import Servers, two_servers


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests with servers on an empty store on clusters too."""
    if "shared_store" in metafunc.fixturenames:
        run_on_clusters_too(metafunc)


@pytest_asyncio.fixture(name="servers")
async def _servers(own_store: Store, tmp_path: Path) -> AsyncIterator[Servers]:
    """Yield two servers on `own_store`."""
    async with two_servers(own_store, tmp_path) as servers:
        yield servers


@pytest.fixture(name="short_times")
def _short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the delays of retries and of the wait for messages."""
    monkeypatch.setattr(log_reader, "RETRY_S", 0.01)
    monkeypatch.setattr(log_follower, "IN_FLIGHT_S", 0.01)


@pytest.fixture(name="new")
def _new(short_times: None) -> Iterator[Following]:
    """Yield a follower that is not subscribed yet."""
    following = Following()
    yield following
    following.follower.close()


@pytest.fixture(name="live")
async def _live(new: Following) -> Following:
    """Return a live follower, at the position of the first commit."""
    new.follower.on_subscribed()
    await new.live()
    new.taken()
    return new
