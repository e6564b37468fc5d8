"""A visit of a page: what the browser logged and requested while it was open."""

import contextlib
import re
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    ViewportSize,
    WebSocket,
)

from browser.shown_board import ShownBoard, board_of
from harness.waiting import eventually

PATIENCE_S = 40.0
"""It only limits the time of a broken test: a busy machine draws few frames."""

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}

OF_LOST_CONNECTIONS = re.compile(
    r"(WebSocket connection to '\S+' failed: |Failed to load resource: net::ERR_)"
)
"""What Chromium itself logs of a connection that was refused or reset."""

NOT_FOUND = re.compile("Failed to load resource: the server responded with a status of 404")
"""What Chromium itself logs of a contest or a season that there is not."""


@dataclass
class Visit:
    """
    An open page.

    Attributes:
        page: The page.
        errors: What the browser logged as an error, and exceptions of scripts; also breaches of the
            Content-Security-Policy, which the browser logs.
        requested: The URLs of all requests and WebSockets.
    """

    page: Page
    errors: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)

    def observe(self) -> None:
        """Note from now on what the browser logs and requests."""
        self.page.on("console", self._log)
        self.page.on("pageerror", lambda error: self.errors.append(f"exception: {error}"))
        self.page.on("request", self._request)
        self.page.on("websocket", self._connect)

    async def board(self) -> ShownBoard:
        """Read the board."""
        return await board_of(self.page)

    async def until(self, holds: Callable[[ShownBoard], bool], event: str) -> ShownBoard:
        """
        Wait until a condition of the shown board holds.

        Returns:
            The board for which it held.

        Raises:
            AssertionError: It did not come to hold.
        """
        seen: list[ShownBoard] = []

        async def look() -> bool:
            seen[:] = [await self.board()]
            return holds(seen[0])

        try:
            await eventually(look, event, within=PATIENCE_S)
        except AssertionError as error:
            raise AssertionError(f"{error}\nlast shown: {seen}\nerrors: {self.errors}") from error
        return seen[0]

    async def live(self, *, at_least: int = 0) -> ShownBoard:
        """Wait until the board is live, at a revision or a later one."""
        return await self.until(
            lambda board: board.state == "live" and board.revision >= at_least,
            f"a live board at revision {at_least}",
        )

    async def shows(self, state: str) -> ShownBoard:
        """Wait until the page shows a state."""
        return await self.until(lambda board: board.state == state, f"the state {state}")

    async def says(self, text: str) -> None:
        """Wait until a text can be read on the page."""

        async def look() -> bool:
            return text in await self.page.inner_text("body")

        await eventually(look, f"the text {text!r}", within=PATIENCE_S)

    async def sees(self, expression: str, event: str) -> None:
        """Wait until a JavaScript expression is true in the page."""

        async def look() -> bool:
            return bool(await self.page.evaluate(f"() => Boolean({expression})"))

        await eventually(look, event, within=PATIENCE_S)

    def _log(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _request(self, request: Request) -> None:
        self.requested.append(request.url)

    def _connect(self, socket: WebSocket) -> None:
        self.requested.append(socket.url)


@contextlib.asynccontextmanager
async def visiting(
    browser: Browser,
    url: str,
    *,
    allowed: re.Pattern[str] | None = None,
    hosts: Collection[str] = (),
    scripts: tuple[str, ...] = (),
    **options: Any,
) -> AsyncIterator[Visit]:
    """
    Visit a page in a fresh profile, and check at the end that nothing went wrong unseen.

    Args:
        browser: The browser.
        url: The page.
        allowed: Logged errors that are no failure.
        hosts: Hosts that requests may go to, beside that of the page.
        scripts: Scripts that run before those of the page.
        options: Of the profile, such as `color_scheme`; see playwright's `new_context`.
    """
    context = await browser.new_context(**{"viewport": DESKTOP, "locale": "en-GB", **options})
    try:
        for script in scripts:
            await context.add_init_script(script)
        visit = Visit(await context.new_page())
        visit.observe()
        await visit.page.goto(url)
        yield visit
        errors = [each for each in visit.errors if not (allowed and allowed.match(each))]
        assert not errors, "\n".join(errors)
        own = {_host(url), "", *hosts}
        foreign = [each for each in visit.requested if _host(each) not in own]
        assert not foreign, f"requests to others than {own}: {foreign}"
    finally:
        await context.close()


def _host(url: str) -> str:
    """Return host and port of a URL; of one with its content in itself nothing."""
    return urlsplit(url).netloc
