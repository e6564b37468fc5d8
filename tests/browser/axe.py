"""Accessibility checks of a page by axe-core."""

from functools import cache
from pathlib import Path

from playwright.async_api import Page

_PAGE = Path(__file__).parents[2] / "server" / "web" / "page"

_RUN = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\\n  ${html}\\n  ${failureSummary}`));
}"""


@cache
def _source() -> str:
    """Return the script, which is installed with what builds the page."""
    return (_PAGE / "node_modules" / "axe-core" / "axe.min.js").read_text()


async def assert_accessible(page: Page) -> None:
    """
    Run all rules on the page as it stands.

    The source is evaluated by the debugger's protocol: the Content-Security-Policy of the page
    forbids scripts of others.
    """
    await page.evaluate(_source())
    violations = await page.evaluate(_RUN)
    assert not violations, "\n".join(violations)
