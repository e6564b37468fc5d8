"""Room of the parts of a board on screens of several sizes."""

import pytest
from playwright.async_api import Browser, ViewportSize

from browser.site import Site
from browser.visit import DESKTOP, PHONE, visiting

pytestmark = pytest.mark.asyncio(loop_scope="session")

_PHONE_ON_ITS_SIDE: ViewportSize = {"width": 844, "height": 390}
_NARROW: ViewportSize = {"width": 240, "height": 340}
_WALL: ViewportSize = {"width": 1280, "height": 720}

_BARS = """() => [...document.querySelectorAll("#rows .share")].map((bar) => {
  const { left, right } = bar.getBoundingClientRect();
  return `${Math.round(left)} ${Math.round(right)}`;
})"""


@pytest.mark.parametrize(
    ("viewport", "most"),
    [(DESKTOP, 160), (PHONE, 170), (_PHONE_ON_ITS_SIDE, 110)],
    ids=["desktop", "phone", "phone on its side"],
)
async def test_rows_begin_near_the_top(
    browser: Browser, site: Site, viewport: ViewportSize, most: int
) -> None:
    """The head of a board leaves most of the screen to its rows."""
    contest_id = await site.contest(display_name="Harbour League")
    await site.write(contest_id, {"ada": 5, "bob": 3})
    url = site.url(f"/boards/{contest_id}")
    async with visiting(browser, url, viewport=viewport) as visit:
        await visit.says("Harbour League")
        await visit.live()
        box = await visit.page.locator("#rows .row").first.bounding_box()
        assert box is not None
        assert box["y"] < most


async def test_narrow_frame_has_room_for_names(browser: Browser, site: Site) -> None:
    """In the narrowest frames a name of usual length can be read as a whole."""
    contest_id = await site.contest()
    await site.write(contest_id, {"ada": 18_420, "bob": 18_110}, {"ada": "Ada Byron"})
    url = site.url(f"/embed/{contest_id}")
    async with visiting(browser, url, viewport=_NARROW) as visit:
        await visit.live()
        name = visit.page.locator("#rows [data-cell=name]").first
        assert not await name.evaluate("(name) => name.scrollWidth > name.clientWidth")


async def test_notice_fills_an_empty_wall(browser: Browser, site: Site) -> None:
    """A wall without rows says so in large type, in the middle of the screen."""
    contest_id = await site.contest()
    url = site.url(f"/boards/{contest_id}?wall")
    async with visiting(browser, url, viewport=_WALL) as visit:
        await visit.says("No scores yet")
        box = await visit.page.get_by_role("heading", name="No scores yet").bounding_box()
        assert box is not None
        assert box["height"] > _WALL["height"] / 14
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        assert middle == pytest.approx((_WALL["width"] / 2, _WALL["height"] / 2), rel=0.15)


async def test_bars_begin_and_end_alike(browser: Browser, site: Site) -> None:
    """Bars can be compared, although scores are of different lengths."""
    contest_id = await site.contest()
    await site.write(contest_id, {"ada": 1_000_000, "bob": 90_000, "cy": 7, "dan": 6, "eve": -5})
    async with visiting(browser, site.url(f"/boards/{contest_id}")) as visit:
        await visit.live()
        assert len(set(await visit.page.evaluate(_BARS))) == 1


@pytest.mark.parametrize("width", [360, 700, 1280])
async def test_list_of_seasons_is_in_sight(browser: Browser, site: Site, width: int) -> None:
    """The list of seasons opens within the screen, whatever its width."""
    contest_id = await site.contest(display_name="A title that needs more than one line " * 2)
    await site.write(contest_id, {"ada": 5})
    season = await site.season_of(contest_id)
    await site.end_season(contest_id, season)
    viewport: ViewportSize = {"width": width, "height": 800}
    async with visiting(browser, site.url(f"/boards/{contest_id}"), viewport=viewport) as visit:
        await visit.page.get_by_text(f"Season {season + 1}", exact=True).click()
        await visit.says("ended")
        box = await visit.page.locator(".menu").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


@pytest.mark.parametrize("query", ["", "?theme=dark"])
async def test_theme_of_the_address_wins(browser: Browser, site: Site, query: str) -> None:
    """The colours are those of the system unless the address names others."""
    contest_id = await site.contest()
    url = site.url(f"/boards/{contest_id}{query}")
    async with visiting(browser, url, color_scheme="light") as visit:
        paper = await visit.page.evaluate(
            "() => getComputedStyle(document.documentElement).backgroundColor"
        )
        assert paper == ("rgb(11, 13, 18)" if query else "rgb(243, 242, 236)")
