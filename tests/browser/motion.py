"""The animations of rows that a page has shown, noted in every frame."""

from dataclasses import dataclass

from playwright.async_api import Page

RECORD = """
window.animationsOfRows = [];
const seen = new WeakSet();
const look = () => {
  for (const animation of document.getAnimations()) {
    const row = animation.effect.target?.closest("[data-user-id]");
    if (!row || seen.has(animation)) continue;
    seen.add(animation);
    const keyframes = animation.effect.getKeyframes();
    const values = (name) => new Set(keyframes.map((keyframe) => keyframe[name])).size;
    window.animationsOfRows.push({
      user_id: row.dataset.userId,
      is_row: animation.effect.target === row,
      moves: values("transform") > 1,
      fades: values("opacity") > 1,
    });
  }
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
"""A script for the page, which runs before those of the page."""


@dataclass(frozen=True)
class RowAnimation:
    """An animation of a row, or of something in it."""

    user_id: str
    is_row: bool
    """True for the row itself, false for something in it."""
    moves: bool
    """True if it changes where its element is seen."""
    fades: bool


async def animations_of_rows(page: Page) -> list[RowAnimation]:
    """Return all animations of rows that have begun so far."""
    found = await page.evaluate("() => window.animationsOfRows")
    return [RowAnimation(**each) for each in found]
