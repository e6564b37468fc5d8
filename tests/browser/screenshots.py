"""Pictures of pages, for people to look at: in `build/screenshots/`."""

from pathlib import Path

from playwright.async_api import Page

FOLDER = Path(__file__).parents[2] / "build" / "screenshots"


async def take(page: Page, name: str) -> Path:
    """Take a picture of what is in sight of a page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.png"
    await page.screenshot(path=path)
    return path
