"""The embedded board: in a plain HTML file of a listed origin, and in no other."""

import re
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from browser.plain_page import PlainPage, plain_page
from browser.shown_board import ShownRow, board_of
from browser.site import Site, gateway_beside
from browser.visit import PATIENCE_S, Visit, visiting
from harness.ports import free_port
from harness.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

_FETCH = "(url) => fetch(url).then((r) => r.json(), (error) => String(error))"
_CONNECT = """(url) => new Promise((resolve) => {
  const socket = new WebSocket(url);
  socket.onmessage = ({ data }) => resolve(Object.keys(JSON.parse(data)));
  socket.onclose = ({ code }) => resolve(code);
})"""
_LIGHTNESS = """(body) => {
  const channels = getComputedStyle(body).backgroundColor.match(/[0-9.]+/g).slice(0, 3);
  return Math.max(...channels.map(Number)) / 255;
}"""
_REFUSALS = re.compile(
    r"Framing 'http|Refused to frame|Access to fetch at 'http|Failed to load resource: net::ERR_"
    r"|WebSocket connection to '\S+' failed: .*Unexpected response code: 403"
)
"""What Chromium logs of a frame, a request and a WebSocket that the gateway refused."""


@pytest_asyncio.fixture(loop_scope="session", scope="module", name="listed")
async def _listed() -> AsyncIterator[PlainPage]:
    """Yield the web site of an origin that the gateway lists."""
    async with plain_page(free_port()) as page:
        yield page


@pytest_asyncio.fixture(loop_scope="session", scope="module", name="other")
async def _other() -> AsyncIterator[PlainPage]:
    """Yield the web site of an origin that the gateway doesn't list."""
    async with plain_page(free_port()) as page:
        yield page


@pytest.fixture(scope="module", name="open_site")
def _open_site(site: Site, listed: PlainPage) -> Iterator[Site]:
    """Yield the shared service with a gateway that lists one origin."""
    with gateway_beside(site, "--origins", listed.origin) as open_site:
        yield open_site


async def test_listed_origin_shows_the_board(
    browser: Browser, open_site: Site, listed: PlainPage
) -> None:
    """A plain HTML file of a listed origin shows the live board in its frame."""
    contest_id = await open_site.contest()
    await open_site.write(contest_id, {"ada": 3, "bob": 2})
    listed.embed(open_site.url(f"/embed/{contest_id}?limit=2"))
    async with visiting(browser, listed.origin, hosts={open_site.gateway.address}) as visit:

        async def shows_the_board() -> bool:
            board = await board_of(visit.page.frames[-1])
            return board.rows == (ShownRow("cy", 1, "cy", 9), ShownRow("ada", 2, "ada", 3))

        await open_site.write(contest_id, {"cy": 9})
        await eventually(shows_the_board, "the board in the frame", within=PATIENCE_S)


async def test_frame_has_room_for_its_rows(
    browser: Browser, open_site: Site, listed: PlainPage
) -> None:
    """The frame of the documentation is as high as the board that it asks for."""
    contest_id = await open_site.contest(display_name="Final 2022")
    await open_site.write(contest_id, {f"user-{number}": 90 - number for number in range(9)})
    listed.embed(open_site.url(f"/embed/{contest_id}?limit=5&theme=light"))
    async with visiting(browser, listed.origin, hosts={open_site.gateway.address}) as visit:
        frame = visit.page.frame_locator("iframe")
        await frame.get_by_text("user-4").wait_for()
        assert not await frame.locator("html").evaluate("(html) => html.scrollHeight > innerHeight")


async def test_options_of_the_frame(browser: Browser, open_site: Site, listed: PlainPage) -> None:
    """The options in the address choose rows, colours, the viewer, and leave out the head."""
    contest_id = await open_site.contest(display_name="Spring cup")
    await open_site.write(contest_id, {f"user-{number}": 90 - number for number in range(9)})
    query = "limit=2&theme=dark&header=off&user=user-7"
    listed.embed(open_site.url(f"/embed/{contest_id}?{query}"))
    async with visiting(browser, listed.origin, hosts={open_site.gateway.address}) as visit:
        frame = visit.page.frame_locator("iframe")
        await frame.get_by_text("user-7").wait_for()
        assert len((await board_of(visit.page.frames[-1])).rows) == 2
        assert await frame.get_by_text("Spring cup").is_hidden()
        dark = await frame.locator("body").evaluate(_LIGHTNESS)
        assert dark < 0.3


async def _assert_refused(visit: Visit) -> None:
    (frame,) = visit.page.frames[1:]
    await eventually(
        lambda: frame.url.startswith("chrome-error:"), "a refused frame", within=PATIENCE_S
    )


async def test_other_origin_shows_nothing(
    browser: Browser, open_site: Site, other: PlainPage
) -> None:
    """In a file of an origin that is not listed the frame stays empty."""
    contest_id = await open_site.contest()
    other.embed(open_site.url(f"/embed/{contest_id}"))
    async with visiting(
        browser, other.origin, hosts={open_site.gateway.address}, allowed=_REFUSALS
    ) as visit:
        await _assert_refused(visit)


async def test_whole_pages_are_never_framed(
    browser: Browser, open_site: Site, listed: PlainPage
) -> None:
    """A page that is not made to be embedded is framed by no origin, not even a listed one."""
    listed.embed(open_site.url("/boards/cup"))
    async with visiting(
        browser, listed.origin, hosts={open_site.gateway.address}, allowed=_REFUSALS
    ) as visit:
        await _assert_refused(visit)


async def test_listed_origin_reads_and_watches(
    browser: Browser, open_site: Site, listed: PlainPage
) -> None:
    """A script of a listed origin reads JSON and opens a WebSocket."""
    contest_id = await open_site.contest()
    await open_site.write(contest_id, {"ada": 3})
    listed.clear()
    async with visiting(browser, listed.origin, hosts={open_site.gateway.address}) as visit:
        read = await visit.page.evaluate(_FETCH, open_site.url(f"/v1/contests/{contest_id}/top"))
        assert [user["userId"] for user in read["users"]] == ["ada"]
        first = await visit.page.evaluate(_CONNECT, open_site.watch_url(contest_id))
        assert "snapshot" in first


async def test_other_origin_neither_reads_nor_watches(
    browser: Browser, open_site: Site, other: PlainPage
) -> None:
    """A script of an origin that is not listed gets no answer and no WebSocket."""
    contest_id = await open_site.contest()
    other.clear()
    async with visiting(
        browser, other.origin, hosts={open_site.gateway.address}, allowed=_REFUSALS
    ) as visit:
        read = await visit.page.evaluate(_FETCH, open_site.url(f"/v1/contests/{contest_id}/top"))
        assert read == "TypeError: Failed to fetch"
        abnormal_closure = 1006
        closed = await visit.page.evaluate(_CONNECT, open_site.watch_url(contest_id))
        assert closed == abnormal_closure
