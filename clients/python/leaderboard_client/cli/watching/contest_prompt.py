"""The line at the bottom of the screen in which another contest is named."""

from __future__ import annotations

from rich.text import Text

from leaderboard_client.cli.watching.keys import BACKSPACE, ENTER, ESCAPE
from leaderboard_client.update_rules import MalformedFieldError, check_contest_id


class ContestPrompt:
    """Takes the keys while a contest is named, and says when that is over."""

    def __init__(self) -> None:
        self._typed = ""
        self._wrong = ""
        self.is_open = True
        """Whether more keys are wanted."""
        self.chosen: str | None = None
        """The contest, once it is named; None if it is not, or the prompt was left."""

    def press(self, key: str) -> None:
        """Take a key."""
        self._wrong = ""
        if key == ESCAPE:
            self.is_open = False
        elif key == ENTER:
            self._choose()
        elif key == BACKSPACE:
            self._typed = self._typed[:-1]
        elif len(key) == 1:
            self._typed += key

    def picture(self) -> Text:
        """Return the line."""
        line = Text.assemble(("contest: ", "bold"), self._typed, ("█", "blink"))
        hint = self._wrong or "Enter to watch it, Esc to stay"
        return line.append(f"  {hint}", style="red" if self._wrong else "dim")

    def _choose(self) -> None:
        try:
            check_contest_id(self._typed)
        except MalformedFieldError as error:
            self._wrong = str(error)
            return
        self.chosen = self._typed
        self.is_open = False
