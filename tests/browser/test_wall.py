"""The wall: a board for a large screen that nobody sits at."""

import pytest
from playwright.async_api import Browser

from browser.site import Site
from browser.visit import visiting

pytestmark = pytest.mark.asyncio(loop_scope="session")

_RECORD_WAKE_LOCKS = """
window.wakeLocks = [];
Object.defineProperty(navigator, "wakeLock", { value: {
  request: async (type) => {
    const lock = Object.assign(new EventTarget(), { type, released: false });
    lock.release = async () => {};
    window.wakeLocks.push(lock);
    return lock;
  },
} });
"""
"""A wake lock in place of the browser's, which gives none without a screen."""

_FULL_HD = {"width": 1920, "height": 1080}
_4K = {"width": 3840, "height": 2160}


@pytest.mark.parametrize("viewport", [_FULL_HD, _4K], ids=["full-hd", "4k"])
async def test_wall_fills_the_screen(
    browser: Browser, site: Site, viewport: dict[str, int]
) -> None:
    """All rows fit on the screen, large, without anything to scroll or to operate."""
    contest_id = await site.contest()
    await site.write(contest_id, {f"user-{number}": 1_000 - number for number in range(30)})
    async with visiting(
        browser, site.url(f"/boards/{contest_id}?wall"), viewport=viewport
    ) as visit:
        board = await visit.live()
        assert len(board.rows) >= 8
        size = await visit.page.evaluate("""() => ({
          scrolls: document.documentElement.scrollHeight > innerHeight
            || document.documentElement.scrollWidth > innerWidth,
          bottom: Math.max(...[...document.querySelectorAll("#board [data-user-id]")]
            .map((row) => row.getBoundingClientRect().bottom)) / innerHeight,
          text: Math.min(...[...document.querySelectorAll("[data-cell=score]")]
            .map((cell) => parseFloat(getComputedStyle(cell).fontSize))) / innerHeight,
        })""")
        assert not size["scrolls"]
        assert 0.6 < size["bottom"] <= 1
        assert size["text"] > 0.025, "too small to read from afar"
        for control in ("a", "button", "select", "input"):
            assert await visit.page.locator(f"{control}:visible").count() == 0


async def test_wall_keeps_the_screen_awake(browser: Browser, site: Site) -> None:
    """The wall asks that the screen stays on, and again after the page was hidden."""
    contest_id = await site.contest()
    url = site.url(f"/boards/{contest_id}?wall")
    async with visiting(browser, url, scripts=(_RECORD_WAKE_LOCKS,)) as visit:
        await visit.sees("wakeLocks.length === 1 && wakeLocks[0].type === 'screen'", "a wake lock")
        await visit.page.evaluate("""() => {
          wakeLocks[0].released = true;
          wakeLocks[0].dispatchEvent(new Event("release"));
          document.dispatchEvent(new Event("visibilitychange"));
        }""")
        await visit.sees("wakeLocks.length === 2", "a second wake lock")


async def test_board_lets_the_screen_sleep(browser: Browser, site: Site) -> None:
    """A board that is no wall asks for no wake lock."""
    contest_id = await site.contest()
    url = site.url(f"/boards/{contest_id}")
    async with visiting(browser, url, scripts=(_RECORD_WAKE_LOCKS,)) as visit:
        await visit.live()
        assert await visit.page.evaluate("() => wakeLocks.length") == 0
