"""The keys that are pressed on a terminal, told from the bytes that it sends."""

import re
from collections.abc import Iterator

UP, DOWN, PAGE_UP, PAGE_DOWN = "up", "down", "page up", "page down"
ENTER, ESCAPE, BACKSPACE = "enter", "escape", "backspace"

_KEY = re.compile(r"\x1b[\[O][0-9;]*[ -/]*[@-~]|.", re.DOTALL)
_NAMES = {
    "\x1b[A": UP,
    "\x1bOA": UP,
    "\x1b[B": DOWN,
    "\x1bOB": DOWN,
    "\x1b[5~": PAGE_UP,
    "\x1b[6~": PAGE_DOWN,
    "\r": ENTER,
    "\n": ENTER,
    "\x1b": ESCAPE,
    "\x7f": BACKSPACE,
    "\b": BACKSPACE,
}


def keys(sent: bytes) -> Iterator[str]:
    """Yield the keys of what a terminal sent: a character, or the name of one that has none."""
    for found in _KEY.finditer(sent.decode(errors="ignore")):
        key = _NAMES.get(found[0], found[0])
        if key in _NAMES.values() or key.isprintable():
            yield key
