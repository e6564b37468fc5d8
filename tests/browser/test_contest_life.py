"""States of a contest, and its seasons, as the page shows them."""

import asyncio
import json
import re
import time

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from playwright.async_api import Browser, WebSocketRoute

from browser.shown_board import ShownRow
from browser.site import Site
from browser.visit import visiting
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = pytest.mark.asyncio(loop_scope="session")

_HIDDEN = "Object.defineProperty(document, 'hidden', { value: true, configurable: true })"
_SHOW = "delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))"
_SCORES = {"ada": 5, "bob": 3, "cy": 3, "dan": 1}

_RECORD_TITLES = """
window.titles = new Set();
new MutationObserver(() => {
  const title = document.querySelector("#title bdi");
  if (title) window.titles.add(title.textContent);
}).observe(document, { childList: true, subtree: true });
"""


@pytest.mark.parametrize(
    ("style", "ranks"),
    [
        (pb.RANK_STYLE_ORDINAL, [1, 2, 3, 4]),
        (pb.RANK_STYLE_COMPETITION, [1, 2, 2, 4]),
        (pb.RANK_STYLE_DENSE, [1, 2, 2, 3]),
    ],
    ids=["ordinal", "competition", "dense"],
)
async def test_shared_ranks(
    browser: Browser, site: Site, style: pb.RankStyle, ranks: list[int]
) -> None:
    """Equal scores share a rank where the contest says so, also after live changes."""
    contest_id = await site.contest(rules=pb.ContestRules(rank_style=style))
    await site.write(contest_id, {**_SCORES, "dan": 7})
    async with visiting(browser, site.url(f"/boards/{contest_id}")) as visit:
        await visit.live()
        position = await site.write(contest_id, {"dan": 1})
        board = await visit.live(at_least=position.revision)
        assert [row.rank for row in board.rows] == ranks
        assert [row.user_id for row in board.rows] == list(_SCORES)


async def test_scheduled_contest(browser: Browser, site: Site) -> None:
    """A contest that has not begun says when it will, and its board is empty."""
    in_an_hour = Timestamp(seconds=int(time.time()) + 3_600)
    contest_id = await site.contest(display_name="Spring cup", starts_at=in_an_hour)
    async with visiting(browser, site.url(f"/boards/{contest_id}")) as visit:
        board = await visit.live()
        assert not board.rows
        await visit.says("Spring cup")
        await visit.says("Opens in")


async def test_contest_that_ends(browser: Browser, site: Site) -> None:
    """When a watched contest ends, the page keeps its rows and says that they are final."""
    contest_id = await site.contest()
    await site.write(contest_id, _SCORES)
    async with visiting(browser, site.url(f"/boards/{contest_id}")) as visit:
        await visit.live()
        await site.end(contest_id)
        board = await visit.shows("over")
        assert [row.user_id for row in board.rows] == list(_SCORES)
        await visit.says("Final")


async def test_closed_contest(browser: Browser, site: Site) -> None:
    """A contest that is over already shows its final board."""
    contest_id = await site.contest()
    await site.write(contest_id, _SCORES)
    await site.end(contest_id)
    async with visiting(browser, site.url(f"/boards/{contest_id}")) as visit:
        board = await visit.shows("over")
        assert [row.score for row in board.rows] == list(_SCORES.values())


async def test_deleted_contest(browser: Browser, site: Site) -> None:
    """When a watched contest is deleted, its rows are gone and the page says why."""
    contest_id = await site.contest(display_name="Spring cup")
    await site.write(contest_id, _SCORES)
    url = site.url(f"/boards/{contest_id}?limit=2&user=dan")
    async with visiting(browser, url) as visit:
        await visit.live()
        await visit.says("dan")
        await site.delete(contest_id)
        board = await visit.shows("deleted")
        assert (board.rows, board.total, board.season, board.revision) == ((), 0, 0, 0)
        await visit.says("The contest was deleted")
        for removed in ("ada", "dan", "4 players"):
            assert await visit.page.get_by_text(removed, exact=True).count() == 0


async def test_offline_browser(browser: Browser, site: Site) -> None:
    """A browser without a network says how far behind its board is, and is live again later."""
    contest_id = await site.contest()
    await site.write(contest_id, _SCORES)
    async with visiting(browser, site.url(f"/boards/{contest_id}")) as visit:
        await visit.live()
        await visit.page.context.set_offline(True)
        await visit.says("Offline, 4 s behind")
        board = await visit.shows("reconnecting")
        assert [row.user_id for row in board.rows] == list(_SCORES)
        await visit.page.context.set_offline(False)
        await visit.live()


async def test_title_is_the_name(browser: Browser, site: Site) -> None:
    """The title is the name from its first moment on, or the id of a contest without one."""
    named = await site.contest(display_name="Spring cup")
    await site.write(named, _SCORES)
    unnamed = await site.contest()
    await site.write(unnamed, _SCORES)
    for contest_id, title in ((named, "Spring cup"), (unnamed, unnamed)):
        url = site.url(f"/boards/{contest_id}")
        async with visiting(browser, url, scripts=(_RECORD_TITLES,)) as visit:
            await visit.says(title)
            assert await visit.page.evaluate("() => [...window.titles]") == [title]


async def test_absent_contest(browser: Browser, site: Site) -> None:
    """A contest that does not exist yet is an empty board, which fills with its first score."""
    contest_id = "absent-until-now"
    url = site.url(f"/boards/{contest_id}")
    async with visiting(browser, url) as visit:
        board = await visit.live()
        assert not board.rows
        await site.write(contest_id, {"ada": 5})
        await visit.until(
            lambda board: board.rows == (ShownRow("ada", 1, "ada", 5),), "a first row"
        )


async def test_new_season(browser: Browser, site: Site) -> None:
    """When a season ends the live board is empty and of the next one, without a reload."""
    contest_id = await site.contest()
    await site.write(contest_id, _SCORES)
    async with visiting(browser, site.url(f"/boards/{contest_id}")) as visit:
        before = await visit.live()
        await site.end_season(contest_id, before.season)
        board = await visit.until(lambda board: board.season == before.season + 1, "the new season")
        assert not board.rows
        await site.write(contest_id, {"eve": 1})
        await visit.until(lambda board: [row.user_id for row in board.rows] == ["eve"], "a row")


async def test_kept_season(browser: Browser, site: Site) -> None:
    """A season that is picked shows its final standings, which equal those of the service."""
    contest_id = await site.contest()
    await site.write(contest_id, _SCORES)
    season = await site.season_of(contest_id)
    await site.end_season(contest_id, season)
    await site.write(contest_id, {"eve": 1})
    async with visiting(browser, site.url(f"/boards/{contest_id}")) as visit:
        await visit.live()
        await visit.page.get_by_text(f"Season {season + 1}", exact=True).click()
        await visit.page.get_by_role("link", name=f"Season {season} ").click()
        board = await visit.until(lambda board: board.season == season, "the season")
        kept = await site.top(contest_id, season=season)
        assert board.rows == tuple(ShownRow.of(user) for user in kept.users)
        assert (board.epoch, board.revision) == (kept.position.epoch, kept.position.revision)
        assert board.state == "over"


async def test_current_season_by_its_number(browser: Browser, site: Site) -> None:
    """The address of a season that is not over yet shows the live board, and keeps its options."""
    contest_id = await site.contest()
    await site.write(contest_id, _SCORES)
    season = await site.season_of(contest_id)
    url = site.url(f"/boards/{contest_id}?wall&season={season}&theme=dark")
    async with visiting(browser, url) as visit:
        await visit.page.wait_for_url(lambda address: "season" not in address)
        board = await visit.live()
        assert board.season == season
        await visit.sees("document.documentElement.dataset.surface === 'wall'", "the wall")
        await site.write(contest_id, {"dan": 9})
        await visit.until(lambda board: board.rows[0].user_id == "dan", "the next leader")


async def test_season_before_the_current_one_is_marked(browser: Browser, site: Site) -> None:
    """The list of seasons marks the one that is shown, also where the address says -1."""
    contest_id = await site.contest()
    await site.write(contest_id, _SCORES)
    season = await site.season_of(contest_id)
    await site.end_season(contest_id, season)
    async with visiting(browser, site.url(f"/boards/{contest_id}?season=-1")) as visit:
        await visit.shows("over")
        await visit.page.get_by_text(f"Season {season}", exact=True).click()
        marked = visit.page.locator(".menu [aria-current=page]")
        assert (await marked.inner_text()).startswith(f"Season {season}")


async def test_number_of_users_without_a_change_of_the_rows(browser: Browser, site: Site) -> None:
    """The number of users is also there when others than those of the rows have changed since."""
    contest_id = await site.contest()
    await site.write(contest_id, _SCORES)
    sent = asyncio.Event()

    def connect(page: WebSocketRoute) -> None:
        server = page.connect_to_server()

        def forward(message: str | bytes) -> None:
            page.send(message)
            position = json.loads(message)["position"]
            later = {**position, "revision": str(int(position["revision"]) + 1)}
            progress = {"previousRevision": position["revision"], "progress": {}}
            page.send(json.dumps({"position": later, **progress}))
            sent.set()

        server.on_message(forward)

    async with visiting(browser, site.url("/boards"), scripts=(_HIDDEN,)) as visit:
        await visit.page.route_web_socket(re.compile("/watch"), connect)
        await visit.page.goto(site.url(f"/boards/{contest_id}?limit=2"))
        await asyncio.wait_for(sent.wait(), 15)
        await visit.page.evaluate(_SHOW)
        await visit.live(at_least=len(_SCORES) + 1)
        await visit.says(f"{len(_SCORES)} players")
