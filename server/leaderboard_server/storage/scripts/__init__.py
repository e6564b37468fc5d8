"""The Lua scripts that read and change contests, each in a file of its own."""

import hashlib
from importlib import resources
from typing import NamedTuple


class Script(NamedTuple):
    """A script and the name under which the store remembers it."""

    source: str
    sha: str


def _script(name: str) -> Script:
    """Return the script `name`, which follows the shared `position.lua`."""
    folder = resources.files(__name__)
    shared, own = (
        folder.joinpath(f"{part}.lua").read_text(encoding="utf-8") for part in ("position", name)
    )
    source = f"{shared}\n{own}"
    return Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


COMMIT = _script("commit")
RANKS = _script("ranks")
READ_LOG = _script("read_log")
READ_LOG_BACKWARD = _script("read_log_backward")
READ_POSITION = _script("read_position")
TOP = _script("top")
USERS = _script("users")
