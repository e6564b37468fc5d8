"""Bytes that a visit transfers, and headers that keep the page from all it does not need."""

import pytest
from playwright.async_api import Browser

from browser.site import Site
from browser.visit import visiting

pytestmark = pytest.mark.asyncio(loop_scope="session")

_MOST_BYTES = 60_000
_POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
}


async def test_first_visit_is_small(browser: Browser, site: Site) -> None:
    """A first visit of a board transfers less than 60 kB in all, headers included."""
    contest_id = await site.contest()
    await site.write(contest_id, {f"user-{number}": number for number in range(25)})
    async with visiting(browser, "about:blank", hosts={site.gateway.address}) as visit:
        session = await visit.page.context.new_cdp_session(visit.page)
        sizes: dict[str, float] = {}
        session.on(
            "Network.loadingFinished",
            lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}),
        )
        await session.send("Network.enable")
        await visit.page.goto(site.url(f"/boards/{contest_id}"), wait_until="networkidle")
        await visit.live()
        assert len(sizes) >= 3, "page, script and style"
        assert sum(sizes.values()) < _MOST_BYTES, sizes


@pytest.mark.parametrize(
    ("path", "ancestors"),
    [("/boards", "'none'"), ("/boards/cup", "'none'"), ("/embed/cup", "'self'")],
)
async def test_policy_is_strict(browser: Browser, site: Site, path: str, ancestors: str) -> None:
    """Each page forbids all that it does not need, scripts and styles within it above all."""
    async with visiting(browser, "about:blank", hosts={site.gateway.address}) as visit:
        response = await visit.page.goto(site.url(path))
        assert response is not None
        headers = await response.all_headers()
        policy = {each.strip() for each in headers["content-security-policy"].split(";")}
        assert policy >= _POLICY | {f"frame-ancestors {ancestors}"}
        assert not [each for each in policy if "unsafe" in each or "*" in each]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"]
