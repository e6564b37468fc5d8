"""Names of all keys and channels: the one place where they are built.

All names of a contest share the hash tag `{<contest_id>}`, so one script reaches them all on one
node of a Redis Cluster. A contest id holds no braces, so it can't change its own hash tag.
"""

from collections.abc import Iterable
from functools import lru_cache
from zlib import crc32

PREFIX = "leaderboard:contest:"
REGISTRY_PARTS = 64
"""The parts of the registry, so that in a cluster no node has all of it."""

_CACHED_CONTESTS = 16_384
"""How many contests have their names cached, about 1 kB each."""


@lru_cache(_CACHED_CONTESTS)
def of_contest(contest_id: str) -> tuple[str, str, str, str, str]:
    """Return the keys of every script: board, users, meta, log and distinct scores."""
    return (
        board(contest_id),
        users(contest_id),
        meta(contest_id),
        log(contest_id),
        scores(contest_id),
    )


@lru_cache(_CACHED_CONTESTS)
def of_writing(contest_id: str, bucket: int, season: int) -> tuple[str, ...]:
    """Return the keys of scripts that write, which are all that a contest has but kept seasons.

    After those of every script come score counts, hidden users, the list of kept seasons, the users
    of the season before the current one, and three request buckets: the current one, the previous
    one, and the next one, which servers with a faster clock write to already.
    """
    return (
        *of_contest(contest_id),
        score_counts(contest_id),
        hidden(contest_id),
        seasons(contest_id),
        season_users(contest_id, season - 1),
        *request_buckets(contest_id, bucket),
    )


def request_buckets(contest_id: str, bucket: int) -> tuple[str, ...]:
    """Return the keys of the current request bucket, the previous and the next one."""
    return tuple(requests(contest_id, n) for n in (bucket, bucket - 1, bucket + 1))


def of_seasons(contest_id: str, numbers: Iterable[int]) -> tuple[str, ...]:
    """Return the keys of kept seasons: of each board, users, scores, score counts, hidden users."""
    return tuple(
        name
        for number in numbers
        for name in (
            season_board(contest_id, number),
            season_users(contest_id, number),
            season_scores(contest_id, number),
            f"{season_scores(contest_id, number)}:counts",
            f"{season_board(contest_id, number)}:hidden",
        )
    )


def board(contest_id: str) -> str:
    """Name the ZSET: member = tie key + user id, score = points, negated for lowest first."""
    return f"{PREFIX}{{{contest_id}}}"


def users(contest_id: str) -> str:
    """Name the HASH: user id → tie key + profile, which is the display name and attributes."""
    return f"{PREFIX}{{{contest_id}}}:users"


def meta(contest_id: str) -> str:
    """Name the HASH: the position and the settings, each in a field of its own."""
    return f"{PREFIX}{{{contest_id}}}:meta"


def contest_of_meta(name: str) -> str:
    """Return the contest whose `meta` a key is."""
    return name.removeprefix(f"{PREFIX}{{").removesuffix("}:meta")


def log(contest_id: str) -> str:
    """Name the STREAM: one entry for each commit, id `<last revision>-0`, field `commit`."""
    return f"{PREFIX}{{{contest_id}}}:log"


def scores(contest_id: str) -> str:
    """Name the ZSET of the distinct scores, of a contest whose rank style is dense."""
    return f"{PREFIX}{{{contest_id}}}:scores"


def score_counts(contest_id: str) -> str:
    """Name the HASH: distinct score → how many users have it."""
    return f"{PREFIX}{{{contest_id}}}:scores:counts"


def hidden(contest_id: str) -> str:
    """Name the HASH of hidden users: user id → tie key + score, empty without a score."""
    return f"{PREFIX}{{{contest_id}}}:hidden"


def seasons(contest_id: str) -> str:
    """Name the HASH of kept seasons: number → position, times, total users and rules."""
    return f"{PREFIX}{{{contest_id}}}:seasons"


def season_board(contest_id: str, number: int) -> str:
    """Name the ZSET of a kept season, as `board`."""
    return f"{PREFIX}{{{contest_id}}}:season:{number}"


def season_users(contest_id: str, number: int) -> str:
    """Name the HASH of the users of a kept season, as `users`."""
    return f"{season_board(contest_id, number)}:users"


def season_scores(contest_id: str, number: int) -> str:
    """Name the ZSET of the distinct scores of a kept season, as `scores`."""
    return f"{season_board(contest_id, number)}:scores"


def requests(contest_id: str, bucket: int) -> str:
    """Name the HASH of one request bucket: request id → fingerprint and first answer."""
    return f"{PREFIX}{{{contest_id}}}:requests:{bucket}"


@lru_cache(_CACHED_CONTESTS)
def channel(contest_id: str) -> str:
    """Name the channel that each commit's payload is published to."""
    return f"leaderboard:{{{contest_id}}}"


def registry(part: int) -> str:
    """Name the ZSET of a part of the registry: contest ids, all with the score 0."""
    return f"leaderboard:contests:{{{part}}}"


def registry_part(contest_id: str) -> int:
    """Return the part of the registry that a contest is in."""
    return crc32(contest_id.encode()) % REGISTRY_PARTS


@lru_cache(_CACHED_CONTESTS)
def registry_of(contest_id: str) -> str:
    """Name the part of the registry that a contest is in."""
    return registry(registry_part(contest_id))
