"""Lua scripts that read and change contests, each in a file of its own."""

import hashlib
from functools import cached_property
from importlib import resources


class Script:
    """A script, and the hash by which the store knows it."""

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        self.source = source
        self.sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    @cached_property
    def for_cluster(self) -> "Script":
        """The same script for a cluster, which publishes as `publish_in_cluster.lua` says."""
        flags, _, body = self.source.partition("\n")
        publishing = _part("publish_in_cluster")
        body = body.replace("redis.pcall('PUBLISH', ", "publish_in_cluster(")
        return Script(self.name, f"{flags}\n{publishing}\n{body}")


def _part(name: str) -> str:
    """Return the text of a file of this folder."""
    return resources.files(__name__).joinpath(f"{name}.lua").read_text(encoding="utf-8")


def _script(name: str, *shared: str, own: str = "") -> Script:
    """Return the script `name`, appended to shared parts; the file is `own` if that is not empty.

    Its own first line, with the flags by which the store knows what it may refuse, stays the first.
    """
    *parts, own = (_part(part) for part in (*shared, own or name))
    flags, _, body = own.partition("\n")
    return Script(name, "\n".join((flags, *parts, body)))


_POSITION = ("position",)
_ROWS = (*_POSITION, "rules", "rows")
_KEPT_ROWS = (*_POSITION, "season_position", "rules", "rows")
_EPOCH = (*_POSITION, "epoch")
_SETTINGS = (*_EPOCH, "log", "expiry", "settings")
_MODERATION = (*_EPOCH, "log", "rules", "moves", "requests", "hiding")
_COMMIT = (
    *(*_EPOCH, "log", "expiry", "rules", "scoring", "moves", "profiles"),
    *("users", "requests"),
)

COMMIT = _script("commit", *_COMMIT)
CREATE_CONTEST = _script("create_contest", *_SETTINGS)
DELETE_CONTEST = _script("delete_contest", *_EPOCH)
ERASE_FROM_SEASONS = _script("erase_from_seasons", *_MODERATION)
ERASE_USER = _script("erase_user", *_MODERATION)
FILL_REGISTRY = _script("fill_registry")
HIDDEN_USERS = _script("hidden_users", *_POSITION)
HIDE_USERS = _script("hide_users", *_MODERATION)
KEPT_RANKS = _script("kept_ranks", *_KEPT_ROWS, own="ranks")
KEPT_SCORE_RANKS = _script("kept_score_ranks", *_KEPT_ROWS, own="score_ranks")
KEPT_TOP = _script("kept_top", *_KEPT_ROWS, own="top")
LIST_SEASONS = _script("list_seasons", *_POSITION)
NEW_SEASON = _script("new_season", *_EPOCH, "log")
RANKS = _script("ranks", *_ROWS)
READ_CONTEST = _script("read_contest", *_POSITION)
READ_LOG = _script("read_log", *_POSITION)
READ_LOG_BACKWARD = _script("read_log_backward", *_POSITION)
READ_POSITION = _script("read_position", *_POSITION)
RECOVER = _script("recover", *_EPOCH)
REGISTER_CONTEST = _script("register_contest")
REGISTERED_CONTESTS = _script("registered_contests")
REMOVE_USERS = _script("remove_users", *_MODERATION)
SCORE_RANKS = _script("score_ranks", *_ROWS)
TOP = _script("top", *_ROWS)
UNHIDE_USERS = _script("unhide_users", *_MODERATION, "profiles")
UNREGISTER_CONTEST = _script("unregister_contest")
UPDATE_CONTEST = _script("update_contest", *_SETTINGS)
ALL = tuple(value for value in list(globals().values()) if isinstance(value, Script))
"""All scripts."""
