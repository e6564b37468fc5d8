"""The names of all keys and channels: the one place where they are made.

All names of a contest share the hash tag `{<contest_id>}`, so that one script reaches them all on
one node of a Redis Cluster. A contest id holds no braces, so it can't move its own keys.
"""

PREFIX = "leaderboard:contest:"


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


def channel(contest_id: str) -> str:
    """Name the channel that each commit's payload is published to."""
    return f"leaderboard:{{{contest_id}}}"
