"""Names of users in any script, and hostile ones."""

from urllib.parse import quote

import pytest
from playwright.async_api import Browser, ViewportSize

from browser.shown_board import ShownRow
from browser.site import Site
from browser.visit import DESKTOP, PHONE, Visit, visiting
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAMES = {
    "arabic": "ليلى الشريف",
    "hebrew": "נועה בן־דוד",
    "mixed": "ليلى (Layla) 99",
    "japanese": "佐藤 さくら",
    "devanagari": "प्रिया शर्मा",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈",
    "zalgo": "Z\u0351\u0343\u0342\u0301" + "a\u0310\u0352\u035b\u0363" * 6,
    "long": "Wolfeschlegelsteinhausenbergerdorff" * 3,
    "words": "the quick brown fox jumps over the lazy dog " * 2,
}
_HACK = "document.title='hacked'"
_HOSTILE_NAMES = {
    f"<img/src=x/onerror={_HACK}>": f'<img src=x onerror="{_HACK}">',
    "'onmouseover=alert(1)//": f"</td></tr></table><script>{_HACK}</script>",
    "{{constructor.constructor('alert(1)')()}}": f"<svg/onload={_HACK}>",
    "&lt;b&gt;": "&lt;b&gt;&amp;",
    "javascript:alert(1)": '"><a href="javascript:alert(1)">x</a>',
    "__proto__": "constructor",
    "]/*--></style>": "<style>*{display:none}</style>",
}

_OVERFLOWS = """() => {
  const width = document.documentElement.clientWidth;
  const rows = [...document.querySelectorAll("#board [data-user-id]")];
  const height = Math.min(...rows.map((row) => row.offsetHeight));
  const wide = rows.filter((row) => {
    const cells = [...row.querySelectorAll("[data-cell=rank], [data-cell=score]")];
    return cells.some((cell) => {
      const { left, right } = cell.getBoundingClientRect();
      return left < 0 || right > width;
    });
  });
  return {
    scrolls: document.documentElement.scrollWidth > width,
    wide: wide.map((row) => row.dataset.userId),
    edges: new Set(rows.map((row) =>
      row.querySelector("[data-cell=score]").getBoundingClientRect().right)).size,
    tall: rows.filter((row) => row.offsetHeight > height * 1.5).map((row) => row.dataset.userId),
  };
}"""
_BEGINS = """() => [...document.querySelectorAll("#rows th")].map((cell) =>
  [...cell.querySelectorAll(".name, .note")].map((element) => {
    const text = new Range();
    text.selectNodeContents(element);
    return Math.round(text.getBoundingClientRect().left);
  }))"""
_SMALL_PHONE: ViewportSize = {"width": 320, "height": 480}


async def test_names_never_break_the_layout(browser: Browser, site: Site) -> None:
    """Names from right to left and very long ones leave ranks and scores where they are."""
    contest_id = await site.contest()
    scores = {user_id: 9_007_199_254_740_991 - at for at, user_id in enumerate(NAMES)}
    await site.write(contest_id, scores, NAMES)
    async with visiting(browser, site.url(f"/boards/{contest_id}?limit=50")) as visit:
        board = await visit.live()
        assert [row.user_id for row in board.rows] == list(NAMES)
        assert [row.score for row in board.rows] == list(scores.values())
        for viewport in (DESKTOP, PHONE, _SMALL_PHONE):
            await visit.page.set_viewport_size(viewport)
            found = await visit.page.evaluate(_OVERFLOWS)
            assert found == {"scrolls": False, "wide": [], "tall": [], "edges": 1}, viewport


async def test_attributes_begin_below_the_name(browser: Browser, site: Site) -> None:
    """On a phone the attributes begin where the name does, whatever the direction of their text."""
    contest_id = await site.contest()
    teams = ("Harbour Rovers", NAMES["arabic"], NAMES["long"][:60])
    updates = [
        pb.UpdateScoreRequest(
            contest_id=contest_id, user_id=f"user-{number}", points=9, attributes={"team": team}
        )
        for number, team in enumerate(teams)
    ]
    await site.send(updates)
    url = site.url(f"/boards/{contest_id}")
    async with visiting(browser, url, viewport=PHONE) as visit:
        await visit.live()
        begins = await visit.page.evaluate(_BEGINS)
        assert begins == [[begins[0][0]] * 2] * len(teams)


async def _assert_inert(visit: Visit) -> None:
    assert await visit.page.title() != "hacked"
    assert (
        await visit.page.locator("#board :is(img, script, style, svg, a[href^=javascript])").count()
        == 0
    )


@pytest.mark.parametrize("path", ["/boards/{}", "/embed/{}", "/boards/{}?wall"])
async def test_markup_in_names_is_text(browser: Browser, site: Site, path: str) -> None:
    """Names and ids with markup and scripts are shown as they are, also as the viewer's own."""
    contest_id = await site.contest(display_name=f'<img src=x onerror="{_HACK}">')
    await site.write(contest_id, dict.fromkeys(_HOSTILE_NAMES, 5), _HOSTILE_NAMES)
    async with visiting(browser, site.url(path.format(contest_id))) as visit:
        board = await visit.live()
        assert board.rows == tuple(
            ShownRow(user_id, rank, name, 5)
            for rank, (user_id, name) in enumerate(_HOSTILE_NAMES.items(), start=1)
        )
        await _assert_inert(visit)


@pytest.mark.parametrize("user_id", list(_HOSTILE_NAMES)[:3])
async def test_markup_in_the_address_is_text(browser: Browser, site: Site, user_id: str) -> None:
    """A viewer's id with markup, in the address and on the board, changes nothing else."""
    contest_id = await site.contest()
    await site.write(contest_id, {**dict.fromkeys("abc", 9), user_id: 1}, _HOSTILE_NAMES)
    url = site.url(f"/boards/{contest_id}?limit=2&user={quote(user_id, safe='')}")
    async with visiting(browser, url) as visit:
        await visit.live()
        await visit.says(_HOSTILE_NAMES[user_id])
        await _assert_inert(visit)
