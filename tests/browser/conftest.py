"""Fixtures of the tests in a browser: Chromium, and a service with a gateway in front of it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from browser.chromium import chromium
from browser.site import Site, running_site
from harness.built_page import require_page


@pytest_asyncio.fixture(scope="session", loop_scope="session", name="browser")
async def _browser() -> AsyncIterator[Browser]:
    """Yield one Chromium for all tests of this process; each visit has a profile of its own."""
    require_page()
    async with chromium() as browser:
        yield browser


@pytest_asyncio.fixture(scope="session", loop_scope="session", name="site")
async def _site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """Yield a service and a gateway that tests share, so none may stop them."""
    async with running_site(tmp_path_factory.mktemp("site")) as site:
        yield site
