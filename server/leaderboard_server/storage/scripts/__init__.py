"""Lua scripts that read and change contests, each in a file of its own."""

import hashlib
from importlib import resources
from typing import NamedTuple


class Script(NamedTuple):
    """A script and the hash by which the store knows it."""

    source: str
    sha: str


def _script(name: str, *shared: str) -> Script:
    """Return the script `name`, appended to shared parts.

    Its own first line, with the flags by which the store knows what it may refuse, stays the first.
    """
    folder = resources.files(__name__)
    *parts, own = (
        folder.joinpath(f"{part}.lua").read_text(encoding="utf-8") for part in (*shared, name)
    )
    flags, _, body = own.partition("\n")
    source = "\n".join((flags, *parts, body))
    return Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


BEGIN_EPOCH = _script("begin_epoch", "position", "epoch")
COMMIT = _script("commit", "position", "epoch", "log", "rules", "scoring", "moves", "profiles")
CREATE_CONTEST = _script("create_contest", "position", "epoch", "log", "settings")
FILL_REGISTRY = _script("fill_registry")
RANKS = _script("ranks", "position", "rules", "rows")
READ_CONTEST = _script("read_contest", "position")
READ_LOG = _script("read_log", "position")
READ_LOG_BACKWARD = _script("read_log_backward", "position")
READ_POSITION = _script("read_position", "position")
REGISTER_CONTEST = _script("register_contest")
REGISTERED_CONTESTS = _script("registered_contests")
SCORE_RANKS = _script("score_ranks", "position", "rules", "rows")
TOP = _script("top", "position", "rules", "rows")
UPDATE_CONTEST = _script("update_contest", "position", "epoch", "log", "settings")
