"""The wall: a board for a large screen that nobody sits at."""

import pytest
from playwright.async_api import Browser, ViewportSize

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
"""A script with a wake lock instead of that of the browser, which gives none without a screen."""

_SIZE = """() => {
  const rows = [...document.querySelectorAll("#board [data-user-id]")]
    .map((row) => row.getBoundingClientRect())
    .filter(({ height }) => height > 0);
  const whole = rows.filter(({ bottom }) => bottom <= innerHeight + 1);
  const { scrollWidth, scrollHeight } = document.documentElement;
  const score = document.querySelector("[data-cell=score]");
  return {
    scrolls: scrollWidth > innerWidth || scrollHeight > innerHeight,
    whole: whole.length,
    cut: rows.filter(({ top, bottom }) => bottom > innerHeight + 1 && top < innerHeight - 1).length,
    bottom: Math.max(...whole.map(({ bottom }) => bottom)) / innerHeight,
    text: parseFloat(getComputedStyle(score).fontSize) / innerHeight,
  };
}"""
_FULL_HD = {"width": 1920, "height": 1080}
_4K = {"width": 3840, "height": 2160}


@pytest.mark.parametrize("viewport", [_FULL_HD, _4K], ids=["full-hd", "4k"])
async def test_wall_fills_the_screen(browser: Browser, site: Site, viewport: ViewportSize) -> None:
    """All rows fit on the screen, large, without anything to scroll or to operate."""
    contest_id = await site.contest()
    await site.write(contest_id, {f"user-{number}": 1_000 - number for number in range(30)})
    async with visiting(
        browser, site.url(f"/boards/{contest_id}?wall"), viewport=viewport
    ) as visit:
        await visit.live()
        size = await visit.page.evaluate(_SIZE)
        assert not size["scrolls"]
        assert size["whole"] >= 8
        assert size["cut"] == 0, "a row is seen in part"
        assert size["bottom"] > 0.9, "much of the screen is empty"
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
