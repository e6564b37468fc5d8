"""Watches contests on the whole screen, one after the other, until a key or a contest ends that."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Callable
from typing import Any, Self

from rich.console import Console
from rich.text import Text

from leaderboard_cli.watch.board_view import BoardView
from leaderboard_cli.watch.terminal import FullScreen
from leaderboard_cli.watch.watch_loop import run_watch_loop
from leaderboard_client import WatchState, WatchUpdate
from leaderboard_client.update_rules import MalformedFieldError, check_contest_id

_GATHER_S = 0.1
"""The seconds for which updates are gathered before the screen is drawn."""

_REDRAW_S = 1.0
"""The seconds after which the screen is drawn without an update, because it shows times."""

_KEYS = "q quit   c contest   ↑ ↓ scroll"
_NO_KEYS = "Ctrl-C quit"

_LABEL = "contest: "
_HINT = "  Enter to watch it, Esc to stay"
_INVALID = "  not an id: 1 to 128 of A-Z a-z 0-9 . _ : -"
_MIN_VISIBLE = 8
"""The characters of a name that are visible on the narrowest screen."""


class ContestPrompt:
    """The line at the bottom of the screen in which another contest is entered."""

    def __init__(self) -> None:
        self._typed = ""
        self._invalid = False
        self.is_open = True
        """Whether more keys are expected."""
        self.chosen: str | None = None
        """The contest, once it is entered; None before, and after Esc."""

    def press(self, key: str) -> None:
        """Take a key."""
        self._invalid = False
        if key == "escape":
            self.is_open = False
        elif key == "enter":
            self._choose()
        elif key == "backspace":
            self._typed = self._typed[:-1]
        elif len(key) == 1:
            self._typed += key

    def render(self, width: int) -> Text:
        """Return the line, with the end of a name that is too long for it.

        Args:
            width: The columns of the screen.
        """
        hint = _INVALID if self._invalid else _HINT
        visible = max(width - len(_LABEL) - len("█") - len(hint), _MIN_VISIBLE)
        name = self._typed if len(self._typed) <= visible else "…" + self._typed[1 - visible :]
        line = Text.assemble((_LABEL, "bold"), name, ("█", "blink"))
        return line.append(hint, style="red" if self._invalid else "dim")

    def _choose(self) -> None:
        try:
            check_contest_id(self._typed)
        except MalformedFieldError:
            self._invalid = True
            return
        self.chosen = self._typed
        self.is_open = False


class LiveScreen:
    """The screen while contests are watched: draws the board, and handles the keys.

    It is a context manager, to be used within a running event loop, whose clock is that of the
    watches.
    """

    def __init__(self, failure_text: Callable[[Exception], str], console: Console) -> None:
        """Prepare to watch.

        Args:
            failure_text: Returns why a stream failed.

            console: The terminal.
        """
        self._failure_text = failure_text
        self._console = console
        self._loop = asyncio.get_running_loop()
        self._screen = FullScreen(console, self._press)
        self._board: BoardView | None = None
        self._prompt: ContestPrompt | None = None
        self._next_contest: asyncio.Future[str | None] = self._loop.create_future()
        """Set when the user leaves a contest: for another one, or for none."""
        self._next_draw: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        self._screen.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        if self._next_draw:
            self._next_draw.cancel()
        self._screen.__exit__(*error)

    @property
    def ended_by(self) -> signal.Signals | None:
        """The signal that ended the watch; None without one."""
        return self._screen.ended_by

    async def watch(
        self,
        contest: str,
        begin: Callable[[str], AsyncGenerator[WatchUpdate, None]],
        begin_within: float,
    ) -> BoardView | None:
        """Watch contests until one is over or deleted, or the user leaves.

        Args:
            contest: The first one.

            begin: Begins to watch a contest.

            begin_within: The seconds in which the first watch must begin. Once a board arrived,
                later contests wait for the server without a limit.

        Returns:
            The contest that is over or deleted; None if the user left.

        Raises:
            LeaderboardError: See `run_watch_loop`, also for the other errors.
        """
        chosen: str | None = contest
        limit: float | None = begin_within
        while chosen is not None:
            board = self._board = BoardView(chosen, self._failure_text, self._loop.time)
            self._next_contest = self._loop.create_future()
            watching = asyncio.create_task(run_watch_loop(begin(chosen), [board, self], limit))
            either: set[asyncio.Future[Any]] = {watching, self._next_contest}
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _cancelled(watching)
            if not self._next_contest.done():
                watching.result()
                return board
            chosen = self._next_contest.result()
            limit = None if board.has_begun else limit
        return None

    def show(self, update: WatchUpdate) -> None:
        """Draw soon; the board has taken the update."""
        del update
        self._draw_within(_GATHER_S)

    def _draw_within(self, seconds: float) -> None:
        when = self._loop.time() + seconds
        if self._next_draw and not self._next_draw.cancelled():
            if self._next_draw.when() <= when:
                return
            self._next_draw.cancel()
        self._next_draw = self._loop.call_at(when, self._draw)

    def _draw(self) -> None:
        self._next_draw = self._loop.call_later(_REDRAW_S, self._draw)
        if self._board is None:
            return
        width, height = self._console.size
        keys = _KEYS if self._screen.has_keys else _NO_KEYS
        try:
            foot = self._prompt.render(width) if self._prompt else Text(keys, style="dim")
            self._screen.show(self._board.render(width, height, foot))
        except Exception as error:  # noqa: BLE001 (it ends the watch; the loop would only log it)
            self._next_draw.cancel()
            if not self._next_contest.done():
                self._next_contest.set_exception(error)

    def _press(self, key: str) -> None:
        if self._prompt:
            self._prompt.press(key)
            if not self._prompt.is_open:
                chosen, self._prompt = self._prompt.chosen, None
                if chosen is not None:
                    self._leave(chosen)
        elif self._board:
            self._run_key(key, self._board)
        self._draw_within(0)

    def _run_key(self, key: str, board: BoardView) -> None:
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
        if not self._next_contest.done():
            self._next_contest.set_result(contest)


async def _cancelled(task: asyncio.Task[WatchState]) -> None:
    """Cancel a task unless it is done, and wait for its end; its error stays in it."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # otherwise the event loop logs an error that nobody retrieved
