"""Rows are seen to move to their new place, unless the viewer wants no motion."""

import pytest
from playwright.async_api import Browser

from browser.motion import RECORD, animations_of_rows
from browser.site import Site
from browser.visit import PATIENCE_S, visiting
from harness.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

_SCORES = {"ada": 50, "bob": 40, "cy": 30, "dan": 20}


async def test_rows_move_to_their_new_place(browser: Browser, site: Site) -> None:
    """A row that overtakes two others moves, they move too, and one below them does not."""
    contest_id = await site.contest()
    await site.write(contest_id, _SCORES)
    url = site.url(f"/boards/{contest_id}")
    async with visiting(browser, url, scripts=(RECORD,)) as visit:
        await visit.live()
        await visit.page.evaluate("""() => {
            window.row = document.querySelector("[data-user-id=cy]");
        }""")
        overtaken = await site.write(contest_id, {"cy": 60})
        await visit.live(at_least=overtaken.revision)

        async def three_have_moved() -> bool:
            animations = await animations_of_rows(visit.page)
            moved = {each.user_id for each in animations if each.is_row and each.moves}
            return moved == {"ada", "bob", "cy"}

        await eventually(three_have_moved, "movements of three rows", within=PATIENCE_S)
        assert await visit.page.evaluate("() => window.row.isConnected"), "another element"


async def test_new_score_is_marked(browser: Browser, site: Site) -> None:
    """A score that grows says by how much."""
    contest_id = await site.contest()
    await site.write(contest_id, _SCORES)
    async with visiting(browser, site.url(f"/boards/{contest_id}")) as visit:
        await visit.live()
        await site.write(contest_id, {"bob": 47})
        await visit.says("+7")


async def test_nothing_moves_with_reduced_motion(browser: Browser, site: Site) -> None:
    """A viewer who wants reduced motion sees the new order at once, without any movement."""
    contest_id = await site.contest()
    await site.write(contest_id, _SCORES)
    url = site.url(f"/boards/{contest_id}")
    async with visiting(browser, url, scripts=(RECORD,), reduced_motion="reduce") as visit:
        await visit.live()
        for score in (60, 10, 70):
            position = await site.write(contest_id, {"cy": score, "new": score - 1})
            await visit.live(at_least=position.revision)
        await visit.page.evaluate("() => new Promise(requestAnimationFrame)")
        animations = await animations_of_rows(visit.page)
        assert not [each for each in animations if each.moves or each.fades]
