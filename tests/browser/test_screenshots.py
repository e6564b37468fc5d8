"""Pictures of the page in all its forms, in `build/screenshots/` for people to look at.

`make screenshots` puts two of them into the README.
"""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from playwright.async_api import Browser, ViewportSize

from browser.plain_page import plain_page
from browser.samples import make_league, move
from browser.screenshots import take
from browser.site import Site, gateway_beside
from browser.test_names import NAMES
from browser.visit import DESKTOP, NOT_FOUND, OF_LOST_CONNECTIONS, PHONE, Visit, visiting
from harness.ports import free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")

_WALL: ViewportSize = {"width": 960, "height": 540}
_STOP = """(ms) => document.getAnimations().forEach((animation) => {
  animation.pause();
  animation.currentTime = ms;
})"""
_MOVED_MS = 480
"""When a movement is nearly over: the moment at which it is seen best in a picture."""


async def _move(site: Site, visit: Visit, contest_id: str) -> None:
    """Let rows move, and stop them on their way."""
    position = await move(site, contest_id)
    await visit.live(at_least=position.revision)
    await visit.page.evaluate(_STOP, _MOVED_MS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("name", "query", "viewport"),
    [
        ("board", "", DESKTOP),
        ("phone", "?user=player-22&limit=10", PHONE),
        ("wall", "?wall", _WALL),
    ],
)
async def test_board(
    browser: Browser, site: Site, scheme: str, name: str, query: str, viewport: ViewportSize
) -> None:
    """A picture of a board whose rows move."""
    contest_id = await make_league(site)
    url = site.url(f"/boards/{contest_id}{query}")
    async with visiting(browser, url, color_scheme=scheme, viewport=viewport) as visit:
        await visit.live()
        await visit.says("Harbour League")
        await _move(site, visit, contest_id)
        await take(visit.page, f"{name}-{scheme}")


async def test_names(browser: Browser, site: Site) -> None:
    """A picture of names in several scripts."""
    contest_id = await site.contest(display_name="أسماء العالم")
    await site.write(contest_id, {name: 10**6 - at for at, name in enumerate(NAMES)}, NAMES)
    async with visiting(browser, site.url(f"/boards/{contest_id}"), viewport=PHONE) as visit:
        await visit.says("أسماء العالم")
        await visit.live()
        await take(visit.page, "names")


async def test_empty_board(browser: Browser, site: Site) -> None:
    """A picture of a contest without a score."""
    contest_id = await site.contest(display_name="Winter cup")
    async with visiting(browser, site.url(f"/boards/{contest_id}")) as visit:
        await visit.says("Winter cup")
        await visit.live()
        await take(visit.page, "empty")


async def test_error(browser: Browser, site: Site) -> None:
    """A picture of a season that is not kept."""
    contest_id = await make_league(site)
    url = site.url(f"/boards/{contest_id}?season=77")
    async with visiting(browser, url, allowed=NOT_FOUND) as visit:
        await visit.shows("error")
        await take(visit.page, "error")


async def test_reconnecting(browser: Browser, site: Site) -> None:
    """A picture of a board without its gateway."""
    contest_id = await make_league(site)
    with gateway_beside(site) as own:
        url = own.url(f"/boards/{contest_id}")
        async with visiting(browser, url, allowed=OF_LOST_CONNECTIONS) as visit:
            await visit.live()
            own.gateway.kill()
            await visit.says("s behind")
            await take(visit.page, "reconnecting")


async def test_final_board(browser: Browser, site: Site) -> None:
    """A picture of a contest that is over."""
    contest_id = await make_league(site)
    await site.end(contest_id)
    async with visiting(browser, site.url(f"/boards/{contest_id}")) as visit:
        await visit.shows("over")
        await take(visit.page, "final")


async def test_seasons(browser: Browser, site: Site) -> None:
    """A picture of the list of seasons."""
    contest_id = await make_league(site)
    async with visiting(browser, site.url(f"/boards/{contest_id}"), viewport=PHONE) as visit:
        await visit.live()
        await visit.page.get_by_text("Season 2", exact=True).click()
        await visit.says("ended")
        await take(visit.page, "seasons")


async def test_list(browser: Browser, site: Site) -> None:
    """A picture of the list of contests: an open one, one that is over, and one to come."""
    for contest_id, name in (
        ("harbour-league", "Harbour League"),
        ("harbour-quiz", "Friday Quiz"),
        ("harbour-sprint", "New Year Sprint"),
    ):
        await site.contest(contest_id=contest_id, display_name=name)
    await site.write("harbour-league", {"ada": 3, "bob": 2})
    await site.end("harbour-quiz")
    new_year = Timestamp(seconds=4_070_908_800)
    await site.update("harbour-sprint", starts_at=new_year)
    async with visiting(browser, site.url("/boards?prefix=harbour-")) as visit:
        await visit.says("3 boards")
        await take(visit.page, "list")


async def test_embedded_board(browser: Browser, site: Site) -> None:
    """A picture of a board in the page of a host."""
    contest_id = await make_league(site)
    async with plain_page(free_port()) as host:
        with gateway_beside(site, "--origins", host.origin) as own:
            host.embed(own.url(f"/embed/{contest_id}?limit=5"))
            hosts = {own.gateway.address}
            async with visiting(browser, host.origin, hosts=hosts, viewport=PHONE) as visit:
                await visit.page.frame_locator("iframe").get_by_text("Bjørn Aasland").wait_for()
                await take(visit.page, "embed")
