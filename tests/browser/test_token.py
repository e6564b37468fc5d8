"""A gateway that wants a token of its viewers: the page has it from the fragment of its address."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.async_api import Browser

from browser.site import Site, gateway_beside
from browser.visit import Visit, visiting

pytestmark = pytest.mark.asyncio(loop_scope="session")

_TOKEN = "open+sesame/1"
_REFUSALS = re.compile(
    r"Failed to load resource: the server responded with a status of 401"
    r"|WebSocket connection to '\S+' failed: HTTP Authentication failed"
)


@pytest.fixture(scope="module", name="closed_site")
def _closed_site(site: Site) -> Iterator[Site]:
    """Yield the shared service with a gateway that wants a token."""
    environment = {"LEADERBOARD_WEB_VIEWER_TOKEN": _TOKEN}
    with gateway_beside(site, environment=environment) as closed_site:
        yield closed_site


@pytest.mark.parametrize("fragment", ["", "#token=wrong"])
async def test_page_says_that_a_token_is_missing(
    browser: Browser, closed_site: Site, fragment: str
) -> None:
    """Without the token, or with another one, the page has no rows and says why."""
    contest_id = await closed_site.contest()
    await closed_site.write(contest_id, {"ada": 3})
    url = closed_site.url(f"/boards/{contest_id}{fragment}")
    async with visiting(browser, url, allowed=_REFUSALS) as visit:
        board = await visit.shows("error")
        assert not board.rows
        await visit.says("token")


@pytest.mark.parametrize(
    ("path", "token"),
    [
        ("/boards/{}", quote(_TOKEN, safe="")),
        ("/embed/{}", quote(_TOKEN, safe="")),
        ("/boards/{}?wall", _TOKEN),
    ],
)
async def test_token_of_the_fragment_opens_the_board(
    browser: Browser, closed_site: Site, path: str, token: str
) -> None:
    """With the token the board is live, and no address or URL of a request has it any more."""
    contest_id = await closed_site.contest()
    await closed_site.write(contest_id, {"ada": 3})
    url = closed_site.url(path.format(contest_id))
    async with visiting(browser, f"{url}#token={token}") as visit:
        board = await visit.live()
        assert [row.user_id for row in board.rows] == ["ada"]
        assert "token" not in visit.page.url
        assert not [each for each in visit.requested[1:] if "sesame" in each]


async def test_token_lasts_as_long_as_the_tab(browser: Browser, closed_site: Site) -> None:
    """A page that is loaded again, without the fragment, still has the token."""
    contest_id = await closed_site.contest()
    url = closed_site.url(f"/boards/{contest_id}")
    async with visiting(browser, f"{url}#token={quote(_TOKEN, safe='')}") as visit:
        await visit.live()
        await visit.page.reload()
        await visit.live()
        await visit.page.goto(closed_site.url(f"/boards?prefix={contest_id}"))
        await visit.says(contest_id)


async def test_full_board_of_a_frame_has_the_token(browser: Browser, closed_site: Site) -> None:
    """The link to the full board opens another tab, which has nothing of the first; it works."""
    contest_id = await closed_site.contest()
    await closed_site.write(contest_id, {"ada": 3})
    url = closed_site.url(f"/embed/{contest_id}#token={quote(_TOKEN, safe='')}")
    async with visiting(browser, url) as visit:
        await visit.live()
        async with visit.page.context.expect_page() as opened:
            await visit.page.get_by_text("Full board").click()
        full = Visit(await opened.value)
        board = await full.live()
        assert [row.user_id for row in board.rows] == ["ada"]
        assert "token" not in full.page.url
