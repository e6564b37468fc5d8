"""The viewer's own row is always in sight."""

import asyncio

import pytest
from playwright.async_api import Browser, ViewportSize

from browser.site import Site, gateway_beside
from browser.visit import DESKTOP, OF_LOST_CONNECTIONS, PHONE, Visit, visiting

pytestmark = pytest.mark.asyncio(loop_scope="session")

_USERS = {f"user-{number}": 1_000 - number for number in range(200)}

_LONGEST_PAUSE_S = 7.0
"""The page reads the row of a viewer below the board at least so often while it is live."""

_IN_SIGHT = """(userId) => [...document.querySelectorAll(".is-own")].some((row) => {
  const { top, bottom, height } = row.getBoundingClientRect();
  if (height === 0 || top < 0 || bottom > innerHeight) return false;
  const seen = document.elementFromPoint(innerWidth / 2, (top + bottom) / 2);
  return row.contains(seen) && row.textContent.includes(userId);
})"""


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_own_row_beyond_the_limit(
    browser: Browser, site: Site, viewport: ViewportSize
) -> None:
    """A viewer below the shown rows sees the own rank and score, and how they change."""
    contest_id = await site.contest()
    await site.write(contest_id, _USERS)
    url = site.url(f"/boards/{contest_id}?limit=10&user=user-150")
    async with visiting(browser, url, viewport=viewport) as visit:
        await visit.live()
        await visit.sees(f"({_IN_SIGHT})('user-150')", "the own row in sight")
        await visit.says("151")
        await site.write(contest_id, {"user-150": 901})
        await visit.says("101")
        await visit.sees(f"({_IN_SIGHT})('user-150')", "the own row in sight")


@pytest.mark.parametrize("own", ["user-0", "user-100", "user-199"])
async def test_own_row_of_a_long_board(browser: Browser, site: Site, own: str) -> None:
    """Wherever a long board is scrolled to, the own row is in sight."""
    contest_id = await site.contest()
    await site.write(contest_id, _USERS)
    url = site.url(f"/boards/{contest_id}?limit=200&user={own}")
    async with visiting(browser, url, viewport=PHONE) as visit:
        await visit.live()
        for share in (0, 0.5, 1):
            await visit.page.evaluate(
                "(share) => scrollTo(0, share * document.documentElement.scrollHeight)", share
            )
            await visit.sees(f"({_IN_SIGHT})('{own}')", f"the own row at {share} of the page")


async def test_viewer_without_a_score(browser: Browser, site: Site) -> None:
    """A viewer who is not on the board yet is no error, and appears with the first score."""
    contest_id = await site.contest()
    await site.write(contest_id, _USERS)
    async with visiting(browser, site.url(f"/boards/{contest_id}?limit=10&user=me")) as visit:
        await visit.live()
        await site.write(contest_id, {"me": 500})
        await visit.sees(f"({_IN_SIGHT})('me')", "the own row in sight")


async def test_own_row_right_below_the_others(browser: Browser, site: Site) -> None:
    """Between the last row and that of the viewer who follows it there is nothing."""
    contest_id = await site.contest()
    await site.write(contest_id, _USERS)
    url = site.url(f"/boards/{contest_id}?limit=10&user=user-10")
    async with visiting(browser, url) as visit:
        await visit.live()
        await visit.sees(f"({_IN_SIGHT})('user-10')", "the own row in sight")
        assert not await visit.page.locator(".gap").is_visible()


async def test_own_row_is_not_read_without_a_gateway(browser: Browser, site: Site) -> None:
    """While the connection is lost, the viewer's row is not asked for again and again."""
    contest_id = await site.contest()
    await site.write(contest_id, _USERS)
    with gateway_beside(site) as beside:
        url = beside.url(f"/boards/{contest_id}?limit=10&user=user-150")
        async with visiting(browser, url, allowed=OF_LOST_CONNECTIONS) as visit:
            await visit.live()
            await visit.sees(f"({_IN_SIGHT})('user-150')", "the own row in sight")
            beside.gateway.kill()
            await visit.shows("reconnecting")
            before = _reads_of_users(visit)
            await asyncio.sleep(_LONGEST_PAUSE_S)
            assert _reads_of_users(visit) == before


def _reads_of_users(visit: Visit) -> int:
    return sum("/users?" in url for url in visit.requested)
