"""The line at the bottom of the screen in which another contest is named."""

from rich.text import Text

from leaderboard_cli.watch.keys import BACKSPACE, ENTER, ESCAPE
from leaderboard_client.update_rules import MalformedFieldError, check_contest_id

_ASKED = "contest: "
_HINT = "  Enter to watch it, Esc to stay"
_WRONG = "  not an id: 1 to 64 of A-Z a-z 0-9 . _ -"
_LEAST_SEEN = 8
"""The characters of a name that are seen on the narrowest screen."""


class ContestPrompt:
    """Takes the keys while a contest is named, and says when that is over."""

    def __init__(self) -> None:
        self._typed = ""
        self._wrong = False
        self.is_open = True
        """Whether more keys are wanted."""
        self.chosen: str | None = None
        """The contest, once it is named; None if it is not, or the prompt was left."""

    def press(self, key: str) -> None:
        """Take a key."""
        self._wrong = False
        if key == ESCAPE:
            self.is_open = False
        elif key == ENTER:
            self._choose()
        elif key == BACKSPACE:
            self._typed = self._typed[:-1]
        elif len(key) == 1:
            self._typed += key

    def picture(self, width: int) -> Text:
        """Return the line; of a name for which there is no room it has the end.

        Args:
            width: The columns of the screen.
        """
        hint = _WRONG if self._wrong else _HINT
        seen = max(width - len(_ASKED) - len("█") - len(hint), _LEAST_SEEN)
        name = self._typed if len(self._typed) <= seen else "…" + self._typed[1 - seen :]
        line = Text.assemble((_ASKED, "bold"), name, ("█", "blink"))
        return line.append(hint, style="red" if self._wrong else "dim")

    def _choose(self) -> None:
        try:
            check_contest_id(self._typed)
        except MalformedFieldError:
            self._wrong = True
            return
        self.chosen = self._typed
        self.is_open = False
