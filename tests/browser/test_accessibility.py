"""The page for keyboards and screen readers."""

from typing import TypedDict

import pytest
from playwright.async_api import Browser, Page

from browser.axe import assert_accessible
from browser.site import Site
from browser.visit import NOT_FOUND, visiting

pytestmark = pytest.mark.asyncio(loop_scope="session")

_FOCUSED = """async () => {
  await new Promise(requestAnimationFrame);
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const hasRing = (pseudo) => {
    const { content, outlineStyle, outlineWidth } = getComputedStyle(element, pseudo);
    const isThere = pseudo === null || content !== "none";
    return isThere && outlineStyle !== "none" && parseFloat(outlineWidth) > 1;
  };
  const { width, height, top, bottom } = element.getBoundingClientRect();
  return {
    number: window.operable.indexOf(element),
    ringed: [null, "::before", "::after"].some(hasRing),
    visible: width > 1 && height > 1 && top >= 0 && bottom <= innerHeight,
    name: element.textContent.trim() || element.ariaLabel || element.id,
  };
}"""
_OPERABLE = """() => {
  window.operable = [...document.querySelectorAll(
    "a[href], button:not([disabled]), input, select, summary, [tabindex='0']")]
    .filter((element) => element.checkVisibility());
  return window.operable.length;
}"""


class _Stop(TypedDict):
    """An element that has the focus."""

    number: int
    ringed: bool
    visible: bool
    name: str


async def _tour(page: Page) -> list[_Stop]:
    """Press Tab through the whole page, and return what had the focus, in this order."""
    operable = await page.evaluate(_OPERABLE)
    stops: list[_Stop] = []
    for _ in range(operable + 1):
        await page.keyboard.press("Tab")
        stop = await page.evaluate(_FOCUSED)
        if stop is None or stop["number"] in {each["number"] for each in stops}:
            break
        stops.append(stop)
    assert sorted(stop["number"] for stop in stops) == list(range(operable)), stops
    return stops


def _text_of(path: str) -> str:
    """Return a text that a page has once it has read what it shows."""
    return "Spring cup" if path.startswith("/boards?") else "user-29"


async def _filled(site: Site) -> str:
    contest_id = await site.contest(display_name="Spring cup")
    await site.write(contest_id, {"ada": 9, "bob": 7, "cy": 7}, {"ada": "Ada Lovelace"})
    await site.end_season(contest_id, await site.season_of(contest_id))
    await site.write(contest_id, {f"user-{number}": number for number in range(30)})
    return contest_id


@pytest.mark.parametrize("path", ["/boards?prefix={}", "/boards/{}?user=user-3", "/embed/{}"])
async def test_everything_is_reached_by_keyboard(browser: Browser, site: Site, path: str) -> None:
    """Tab reaches everything that can be operated, and what has the focus is seen to have it."""
    contest_id = await _filled(site)
    async with visiting(browser, site.url(path.format(contest_id))) as visit:
        await visit.says(_text_of(path))
        for stop in await _tour(visit.page):
            assert stop["ringed"], f"the focus is not seen: {stop}"
            assert stop["visible"], f"out of sight: {stop}"


async def test_skip_link_leads_to_the_board(browser: Browser, site: Site) -> None:
    """The first stop of the keyboard leads past all controls to the board."""
    contest_id = await _filled(site)
    async with visiting(browser, site.url(f"/boards/{contest_id}")) as visit:
        await visit.live()
        await visit.page.keyboard.press("Tab")
        skip = visit.page.locator(":focus")
        assert "kip" in await skip.inner_text()
        await visit.page.keyboard.press("Enter")
        await visit.sees(
            "document.querySelector('#board').contains(document.activeElement)", "the board"
        )


async def test_season_is_picked_by_keyboard(browser: Browser, site: Site) -> None:
    """A season can be picked without a mouse."""
    contest_id = await _filled(site)
    async with visiting(browser, site.url(f"/boards/{contest_id}")) as visit:
        await visit.live()
        await visit.page.get_by_text("Season 2", exact=True).focus()
        await visit.page.keyboard.press("Enter")
        await visit.says("ended")
        for _ in range(5):
            await visit.page.keyboard.press("Tab")
            if "Season 1" in await visit.page.locator(":focus").inner_text():
                break
        await visit.page.keyboard.press("Enter")
        await visit.says("Ada Lovelace")


async def test_changes_are_announced_politely(browser: Browser, site: Site) -> None:
    """A new leader is announced by a polite live region, and rows themselves are none."""
    contest_id = await _filled(site)
    async with visiting(browser, site.url(f"/boards/{contest_id}")) as visit:
        await visit.live()
        await site.write(contest_id, {"new": 99}, {"new": "Grace Hopper"})
        await visit.sees(
            """[...document.querySelectorAll("[aria-live=polite], [role=status]")].some(
              (region) => region.textContent.includes("Grace Hopper"))""",
            "an announcement",
        )
        live_rows = visit.page.locator("[aria-live] [data-user-id]")
        assert await live_rows.count() == 0, "each change of a row would be read out"


@pytest.mark.parametrize(
    "path",
    [
        "/boards?prefix={}",
        "/boards/{}",
        "/boards/{}?user=user-3&limit=10",
        "/boards/{}?wall",
        "/embed/{}",
    ],
)
async def test_axe_finds_nothing(browser: Browser, site: Site, path: str) -> None:
    """Lists, boards, the wall and embedded boards break no rule of axe-core, light and dark."""
    contest_id = await _filled(site)
    url = site.url(path.format(contest_id))
    async with visiting(browser, url, color_scheme="light") as visit:
        await visit.says(_text_of(path))
        await assert_accessible(visit.page)
        await visit.page.emulate_media(color_scheme="dark")
        await assert_accessible(visit.page)


@pytest.mark.parametrize("kind", ["empty", "over", "deleted", "season", "unknown"])
async def test_axe_finds_nothing_in_other_states(browser: Browser, site: Site, kind: str) -> None:
    """Empty, closed and deleted contests, kept seasons and errors break no rule of axe-core."""
    contest_id = await _filled(site)
    season = await site.season_of(contest_id)
    path = f"/boards/{contest_id}"
    if kind == "empty":
        path = f"/boards/{await site.contest()}"
    elif kind == "over":
        await site.end(contest_id)
    elif kind == "season":
        path += f"?season={season - 1}"
    elif kind == "unknown":
        path += f"?season={season + 9}"
    async with visiting(browser, site.url(path), allowed=NOT_FOUND) as visit:
        await visit.until(lambda board: board.state != "connecting", "a state")
        if kind == "deleted":
            await site.delete(contest_id)
            await visit.shows("deleted")
        await assert_accessible(visit.page)


async def test_bars_of_scores_in_forced_colours(browser: Browser, site: Site) -> None:
    """With colours of the system the leaders have the same bars as all others."""
    contest_id = await _filled(site)
    url = site.url(f"/boards/{contest_id}")
    async with visiting(browser, url, forced_colors="active") as visit:
        await visit.says("user-29")
        colours = await visit.page.evaluate(
            """() => [...document.querySelectorAll("#rows .share i")].map(
              (bar) => getComputedStyle(bar).backgroundColor)"""
        )
        assert set(colours) == {"rgb(0, 0, 0)"}
