"""The list of contests, the way to every board."""

import re

import pytest
from playwright.async_api import Browser, Locator, Route

from browser.site import Site
from browser.visit import PATIENCE_S, Visit, visiting
from harness.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _entry(visit: Visit, name: str) -> Locator:
    """Return the entry of a contest."""
    return visit.page.get_by_role("listitem").filter(has_text=name)


async def test_contests_with_their_states(browser: Browser, site: Site) -> None:
    """The list names each contest with its players, and says which ones are over."""
    await site.contest(contest_id="listed-1", display_name="Spring cup")
    await site.write("listed-1", {"ada": 3, "bob": 2})
    await site.contest(contest_id="listed-2", display_name="Autumn cup")
    await site.end("listed-2")
    async with visiting(browser, site.url("/boards?prefix=listed-")) as visit:
        await visit.says("2 boards")
        assert "2 players" in await _entry(visit, "Spring cup").inner_text()
        assert "Final" in await _entry(visit, "Autumn cup").inner_text()
        await visit.page.get_by_role("link", name="Spring cup").click()
        board = await visit.live()
        assert [row.user_id for row in board.rows] == ["ada", "bob"]


async def test_search(browser: Browser, site: Site) -> None:
    """Typing the first letters of an id leaves the contests that begin with them."""
    for contest_id in ("found-1", "found-2", "lost-1"):
        await site.contest(contest_id=contest_id)
    async with visiting(browser, site.url("/boards")) as visit:
        await visit.page.get_by_role("searchbox").press_sequentially("found-")
        await visit.says("2 boards")
        assert await _entry(visit, "lost-1").count() == 0
        await visit.page.get_by_role("searchbox").press_sequentially("9")
        await visit.says("No board found")


async def test_long_list(browser: Browser, site: Site) -> None:
    """A list of more than 50 contests is shown in parts, without a gap or a repetition."""
    names = {f"many-{number:02}" for number in range(60)}
    for contest_id in names:
        await site.contest(contest_id=contest_id)
    async with visiting(browser, site.url("/boards?prefix=many-")) as visit:
        links = visit.page.get_by_role("listitem").get_by_role("link")
        await visit.says("The first 50 boards")
        await visit.page.get_by_role("button", name="Show more").click()

        async def all_are_shown() -> bool:
            return sorted(await links.all_inner_texts()) == sorted(names)

        await eventually(all_are_shown, "60 links", within=PATIENCE_S)
        assert await visit.page.get_by_role("button", name="Show more").is_hidden()


async def test_failed_reads_leave_nothing_out(browser: Browser, site: Site) -> None:
    """After a part that can't be read the list is not called whole, and begins again."""
    for number in range(60):
        await site.contest(contest_id=f"lots-{number:02}")
    refused = re.compile("Failed to load resource: .* status of 403")
    url = site.url("/boards?prefix=lots-")
    async with visiting(browser, url, allowed=refused) as visit:
        more = visit.page.get_by_role("button", name="Show more")
        await visit.says("The first 50 boards")
        await visit.page.route("**/v1/contests?*page_token=*", _refuse)
        await more.click()
        await visit.says("Not allowed")
        await visit.page.unroute("**/v1/contests?*page_token=*")
        await more.click()
        await visit.sees("document.querySelector('#notice').hidden", "a list without a notice")
        await more.click()
        await visit.says("60 boards")
        await visit.page.route("**/v1/contests?*", _refuse)
        await visit.page.get_by_role("searchbox").press_sequentially("5")
        await visit.says("Not allowed")
        assert await visit.page.get_by_role("listitem").count() == 0
        assert "60 boards" not in await visit.page.inner_text("body")


async def _refuse(route: Route) -> None:
    await route.fulfill(status=403)
