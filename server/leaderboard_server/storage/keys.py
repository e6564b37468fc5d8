"""The names of all keys and channels: the one place where they are made.

All names of a contest share the hash tag `{<contest_id>}`, so that one script reaches them all on
one node of a Redis Cluster. A contest id holds no braces, so it can't move its own keys.
"""

from functools import lru_cache

PREFIX = "leaderboard:contest:"

_REMEMBERED = 16_384
"""Of how many contests the names are kept, about 1 kB each."""


@lru_cache(_REMEMBERED)
def of_contest(contest_id: str) -> tuple[str, str, str, str]:
    """Name what every script reaches: board, users, meta and log."""
    return board(contest_id), users(contest_id), meta(contest_id), log(contest_id)


@lru_cache(_REMEMBERED)
def of_commit(contest_id: str, window: int) -> tuple[str, ...]:
    """Name what a commit reaches: that, and request ids of this window, the one before and after.

    Servers whose clocks are ahead write to the next window already.
    """
    windows = (requests(contest_id, n) for n in (window, window - 1, window + 1))
    return *of_contest(contest_id), *windows


def board(contest_id: str) -> str:
    """Name the ZSET: member = tie key + user id, score = points."""
    return f"{PREFIX}{{{contest_id}}}"


def users(contest_id: str) -> str:
    """Name the HASH: user id → tie key + display name."""
    return f"{PREFIX}{{{contest_id}}}:users"


def meta(contest_id: str) -> str:
    """Name the HASH: `epoch` and `revision` of the contest."""
    return f"{PREFIX}{{{contest_id}}}:meta"


def log(contest_id: str) -> str:
    """Name the STREAM: one entry for each commit, id `<last revision>-0`, field `commit`."""
    return f"{PREFIX}{{{contest_id}}}:log"


def requests(contest_id: str, window: int) -> str:
    """Name the HASH of one retention window: request id → fingerprint and first answer."""
    return f"{PREFIX}{{{contest_id}}}:requests:{window}"


@lru_cache(_REMEMBERED)
def channel(contest_id: str) -> str:
    """Name the channel that each commit's payload is published to."""
    return f"leaderboard:{{{contest_id}}}"
