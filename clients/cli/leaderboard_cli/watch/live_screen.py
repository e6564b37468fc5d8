"""Watches contests on the whole screen, one after the other, until a key or a contest ends that."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Callable
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.text import Text

from leaderboard_cli.watch.board_view import BoardView
from leaderboard_cli.watch.contest_prompt import ContestPrompt
from leaderboard_cli.watch.formatting import TroubleTeller
from leaderboard_cli.watch.full_screen import FullScreen
from leaderboard_cli.watch.watch_loop import follow
from leaderboard_client.watch_update import WatchUpdate

_SOON = 0.1
"""The seconds in which what happens is gathered for one picture."""

_COUNT = 1.0
"""The seconds after which the picture is another one though nothing happened."""

_KEYS = "q quit   c contest   ↑ ↓ scroll"
_NO_KEYS = "Ctrl-C quit"


class LiveScreen:
    """The screen while contests are watched: it paints, and takes the keys.

    It is a context manager, to be used within a running event loop, whose clock is that of the
    watches.
    """

    def __init__(self, tell: TroubleTeller, console: Console) -> None:
        """Prepare to watch.

        Args:
            tell: Says why there is no stream.

            console: The terminal.
        """
        self._tell = tell
        self._console = console
        self._loop = asyncio.get_running_loop()
        self._screen = FullScreen(console, self._press)
        self._board: BoardView | None = None
        self._prompt: ContestPrompt | None = None
        self._left: asyncio.Future[str | None] = self._loop.create_future()
        self._painting: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        self._screen.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._painting:
            self._painting.cancel()
        self._screen.__exit__(kind, error, traceback)

    @property
    def ended_by(self) -> signal.Signals | None:
        """The signal that asked to end; None without one."""
        return self._screen.ended_by

    async def watch(
        self,
        contest: str,
        begin: Callable[[str], AsyncGenerator[WatchUpdate, None]],
        patience: float,
    ) -> BoardView | None:
        """Watch contests until one is over or the user leaves.

        Args:
            contest: The first one.

            begin: Begins to watch a contest.

            patience: How long the first beginning may take, in seconds. Once one contest was
                seen, the others wait for the server as long as it takes.

        Returns:
            The contest that is over; None if the user left.

        Raises:
            RefusedError: As `follow` does, and so with the other errors.
        """
        chosen: str | None = contest
        waits: float | None = patience
        while chosen is not None:
            board = self._board = BoardView(chosen, self._tell, self._loop.time)
            self._left = self._loop.create_future()
            following = asyncio.create_task(follow(begin(chosen), [board, self], waits))
            either: set[asyncio.Future[Any]] = {following, self._left}
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _ended(following)
            if not self._left.done():
                following.result()
                return board
            chosen = self._left.result()
            waits = None if board.has_begun else waits
        return None

    def show(self, update: WatchUpdate) -> None:
        """Paint soon what an update, which the board has taken, made of it."""
        del update
        self._paint_within(_SOON)

    def _paint_within(self, seconds: float) -> None:
        when = self._loop.time() + seconds
        if self._painting and not self._painting.cancelled():
            if self._painting.when() <= when:
                return
            self._painting.cancel()
        self._painting = self._loop.call_at(when, self._paint)

    def _paint(self) -> None:
        self._painting = self._loop.call_later(_COUNT, self._paint)
        if self._board is None:
            return
        width, height = self._console.size
        try:
            foot = self._prompt.picture(width) if self._prompt else Text(self._keys, style="dim")
            self._screen.show(self._board.picture(width, height, foot))
        except Exception as error:  # noqa: BLE001 (it ends the watch; the loop would only log it)
            self._painting.cancel()
            if not self._left.done():
                self._left.set_exception(error)

    @property
    def _keys(self) -> str:
        return _KEYS if self._screen.has_keys else _NO_KEYS

    def _press(self, key: str) -> None:
        if self._prompt:
            self._prompt.press(key)
            if not self._prompt.is_open:
                chosen, self._prompt = self._prompt.chosen, None
                if chosen is not None:
                    self._leave(chosen)
        elif self._board:
            self._command(key, self._board)
        self._paint_within(0)

    def _command(self, key: str, board: BoardView) -> None:
        match key:
            case "q":
                self._leave(None)
            case "c":
                self._prompt = ContestPrompt()
            case "j" | "down":
                board.scroll(1)
            case "k" | "up":
                board.scroll(-1)
            case "page down":
                board.scroll(board.page)
            case "page up":
                board.scroll(-board.page)

    def _leave(self, contest: str | None) -> None:
        if not self._left.done():
            self._left.set_result(contest)


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancel a task unless it is done, and wait for its end; its error stays in it."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # else the loop would tell of one that nobody asked for
