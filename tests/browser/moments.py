"""Reads the board of a page again and again, with the states that it shows."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

from playwright.async_api import Page

from browser.shown_board import ShownBoard, board_of

_PAUSE_S = 0.1


class Moments:
    """
    Reads the board of a page ten times a second as long as the block lasts.

    Attributes:
        by_revision: The last board that was read at each revision.
        states: The states that were shown, one for each change.
    """

    def __init__(self, page: Page) -> None:
        self.by_revision: dict[int, ShownBoard] = {}
        self.states: list[str] = []
        self._page = page
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._task is not None
        ended_early = self._task.done()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        assert not ended_early, "the reads ended"

    async def _read(self) -> None:
        while True:
            board = await board_of(self._page)
            self.by_revision[board.revision] = board
            if self.states[-1:] != [board.state]:
                self.states.append(board.state)
            await asyncio.sleep(_PAUSE_S)
