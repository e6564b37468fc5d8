"""Measures what settings and data of users take in the memory of the store."""

from dataclasses import dataclass, replace

from benchmarks.rules.boards import fill
from benchmarks.rules.outcome import Outcome
from benchmarks.store import RunningStore
from leaderboard_server.domain.board import Attributes
from leaderboard_server.domain.rules import Order, RankStyle, Rules
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage import keys
from leaderboard_server.storage.rules_codec import encode_rules
from leaderboard_server.storage.store import Store

_USERS_OF_A_COMMON_SCORE = 1_000
_UPDATES_AT_ONCE = 1_000
_NAME = "Player 123456"
_ATTRIBUTES: Attributes = (("country", "NL"), ("team", "red-42"))
_RULES = Rules(rank_style=RankStyle.DENSE, min_score=0, max_score=1_000_000)


@dataclass(frozen=True)
class Cost:
    """The memory that a setting or data take."""

    title: str
    size: float
    """In bytes."""
    of_each: str
    """What takes that many bytes each."""


async def costs(running: RunningStore, store: Store, outcome: Outcome) -> list[Cost]:
    """Measure the costs beside those of the boards of a run, which are in its outcome."""
    return [
        *_board_costs(running, outcome),
        *await _profile_costs(running, store, outcome.boards[0].users // 10),
        _rules_cost(running),
        _registry_cost(running, outcome.boards[0].users // 10),
    ]


def _board_costs(running: RunningStore, outcome: Outcome) -> list[Cost]:
    first = outcome.boards[0]
    rows = outcome.sizes[first.title].rows / first.users
    found = [Cost("a board, users without names", rows, "user")]
    dense = [
        board
        for board in outcome.boards
        if board.dense and board.rules.order is Order.HIGHEST_FIRST
    ]
    common = max(1, first.users // _USERS_OF_A_COMMON_SCORE)
    few = replace(dense[0], contest_id="common-scores", distinct=common)
    sizes = {few: fill(running, few)} | {each: outcome.sizes[each.title] for each in dense}
    for board, size in sizes.items():
        more = size.distinct_scores / board.users
        found.append(Cost(f"+ dense ranks, {board.distinct:,} different scores", more, "user"))
    return found


async def _profile_costs(running: RunningStore, store: Store, users: int) -> list[Cost]:
    bare = await _users_size(running, store, users, "", ())
    named = await _users_size(running, store, users, _NAME, ())
    full = await _users_size(running, store, users, _NAME, _ATTRIBUTES)
    count = len(_ATTRIBUTES)
    length = sum(len(key) + len(value) for key, value in _ATTRIBUTES)
    return [
        Cost(f"+ a display name of {len(_NAME)} characters", (named - bare) / users, "user"),
        Cost(f"+ {count} attributes of {length} characters in all", (full - named) / users, "user"),
    ]


async def _users_size(
    running: RunningStore, store: Store, users: int, name: str, attributes: Attributes
) -> int:
    """Write users with such a profile, and return the bytes of the key that holds them."""
    contest_id = f"profiles-{len(name)}-{len(attributes)}"
    for first in range(0, users, _UPDATES_AT_ONCE):
        updates = [
            ScoreUpdate(contest_id, f"u{user}", 1, display_name=name, attributes=attributes)
            for user in range(first, min(first + _UPDATES_AT_ONCE, users))
        ]
        await store.commit(contest_id, updates)
    return running.size(keys.users(contest_id))


def _rules_cost(running: RunningStore) -> Cost:
    name = keys.meta("profiles-0-0")
    before = running.size(name)
    running.client.hset(name, "rules", encode_rules(_RULES))
    return Cost("three rules that are not the default", running.size(name) - before, "contest")


def _registry_cost(running: RunningStore, contests: int) -> Cost:
    contest_ids = [f"weekly-{number:08}" for number in range(contests)]
    pipe = running.client.pipeline(transaction=False)
    for contest_id in contest_ids:
        pipe.zadd(keys.registry(keys.registry_part(contest_id)), {contest_id: 0})
    pipe.execute()
    size = sum(running.size(keys.registry(part)) for part in range(keys.REGISTRY_PARTS))
    length = len(contest_ids[0])
    title = f"an entry in the registry of {contests:,} contests, ids of {length} characters"
    return Cost(title, size / contests, "contest")
