"""Starts Chromium, and says why the tests in a browser can't run where something is missing."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

_WEB = Path(__file__).parents[2] / "server" / "web"
_PAGE = _WEB / "leaderboard_web" / "static"
AXE = _WEB / "page" / "node_modules" / "axe-core" / "axe.min.js"
"""The accessibility checks that run in the page."""


def _missing() -> str:
    """Return why the tests can't run here; empty if they can."""
    if _executable() is None:
        return "no chromium in PATH: the tests in a browser are left out"
    if not (_PAGE / "board.html").exists() or not AXE.exists():
        return "the page is not built: `make page` builds it (needs npm)"
    return ""


def require_browser() -> None:
    """Skip a test if the browser or the built page is missing; fail it if `CI` is set."""
    if reason := _missing():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run the Chromium of the system without a screen until the block ends."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_executable())
        yield browser
        await browser.close()


def _executable() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")
