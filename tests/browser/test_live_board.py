"""The live board: equal to that of the service through kills, and rows that are seen to move."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from browser.boards_by_revision import boards_by_revision
from browser.moments import Moments
from browser.site import Site, running_site
from browser.steady_writes import SteadyWrites
from browser.visit import OF_LOST_CONNECTIONS, visiting
from harness.calls import add
from harness.stores import Flavour, StoreProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")

_CONTEST = "cup"
_LIMIT = 25


@pytest_asyncio.fixture(loop_scope="session", name="own_site")
async def _own_site(tmp_path: Path) -> AsyncIterator[Site]:
    """Yield a service and a gateway that the test may kill; the store outlives both."""
    store = StoreProcess(Flavour.VALKEY, tmp_path / "store")
    await store.start()
    async with running_site(tmp_path, redis_url=store.url) as site:
        yield site
    store.end()


async def test_board_equals_that_of_the_service_through_kills(
    browser: Browser, own_site: Site
) -> None:
    """With 50 writes per second and kills of gateway and service, each shown board is right."""
    service, gateway = own_site.service, own_site.gateway
    first = await add(service.stub, _CONTEST, "user-0", 1)
    url = own_site.url(f"/boards/{_CONTEST}?limit={_LIMIT}")
    async with visiting(browser, url, allowed=OF_LOST_CONNECTIONS) as visit:
        await visit.live()
        async with (
            Moments(visit.page) as moments,
            SteadyWrites(service.stub, _CONTEST, per_second=50) as writes,
        ):
            await writes.more(200)
            gateway.kill()
            await visit.shows("reconnecting")
            await writes.more(150)
            await asyncio.to_thread(gateway.start)
            await visit.shows("live")
            await writes.more(200)
            await service.kill()
            await visit.shows("reconnecting")
            await visit.says("s behind")
            await service.start()
            await visit.shows("live")
            await writes.more(450)
        last = (await own_site.top(_CONTEST, _LIMIT)).position
        shown = await visit.live(at_least=last.revision)

    boards = await boards_by_revision(service.stub, _CONTEST, first, last)
    assert shown.rows == boards.rows(last.revision, _LIMIT)
    assert len(moments.by_revision) > 10
    for revision, board in moments.by_revision.items():
        assert board.epoch == last.epoch
        assert board.rows == boards.rows(revision, _LIMIT), f"at revision {revision}"
    assert moments.states == ["live", "reconnecting", "live", "reconnecting", "live"]
