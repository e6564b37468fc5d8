"""The live board: equal to that of the service, through kills and while nobody sees it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from browser.boards_by_revision import boards_by_revision
from browser.moments import Moments
from browser.motion import RECORD, animations_of_rows
from browser.site import Site, running_site
from browser.steady_writes import SteadyWrites
from browser.visit import OF_LOST_CONNECTIONS, visiting
from harness.calls import add
from harness.stores import Flavour, StoreProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")

_HIDABLE = """
window.setHidden = (hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  const value = hidden ? "hidden" : "visible";
  Object.defineProperty(document, "visibilityState", { value, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
};
"""
"""A script that hides and shows the page, as far as scripts can tell."""
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


@pytest.mark.timeout(300)
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
    assert len(moments.by_revision) > 10
    for revision, board in {**moments.by_revision, last.revision: shown}.items():
        assert board.epoch == last.epoch
        assert (board.total, board.rows) == boards.shown(revision, _LIMIT), f"at {revision}"
    assert moments.states == ["live", "reconnecting", "live", "reconnecting", "live"]


async def test_hidden_page_catches_up_when_it_is_shown(browser: Browser, site: Site) -> None:
    """A page in a tab that is not shown draws nothing, and the right board once it is shown."""
    contest_id = await site.contest()
    await site.write(contest_id, {"ada": 3, "bob": 2})
    url = site.url(f"/boards/{contest_id}")
    async with visiting(browser, url, scripts=(_HIDABLE, RECORD)) as visit:
        first = await visit.live()
        await visit.page.evaluate("() => setHidden(true)")
        for score in range(4, 9):
            last = await site.write(contest_id, {"bob": score, "cy": score + 1})
        other = site.url(f"/boards/{contest_id}?limit=5")
        async with visiting(browser, other) as shown:
            await shown.live(at_least=last.revision)
        assert await visit.board() == first
        await visit.page.evaluate("() => setHidden(false)")
        board = await visit.live(at_least=last.revision)
        assert [row.user_id for row in board.rows] == ["cy", "bob", "ada"]
        assert not await animations_of_rows(visit.page), "changes that nobody saw were marked"
