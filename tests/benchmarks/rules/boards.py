"""Boards of each order and rank style, filled inside the store."""

from dataclasses import dataclass
from typing import NamedTuple

from benchmarks.seeding import chunks
from benchmarks.store import RunningStore
from leaderboard_server.domain.rules import MAX_SCORE, Order, RankStyle, Rules
from leaderboard_server.storage import keys
from leaderboard_server.storage.rules_codec import encode_rules

USERS_OF_A_SCORE = 10
"""How many users have each score of a board with ties, about."""

_SPREAD = 7_919
"""A prime by which the scores of consecutive users are far from each other."""

# As commit.lua leaves it, where user i was the writer of revision i + 1.
_FILL = f"""
local first, last, distinct, max_score, lowest_first, dense = unpack(ARGV)
local rows, entries = {{}}, {{}}
for i = first, last do
  local id, tie = 'u' .. i, string.format('%014x', max_score - 1 - (i + 1))
  local score = i * {_SPREAD} % distinct
  if lowest_first == '1' then
    score = 0 - score
  end
  rows[#rows + 1] = score
  rows[#rows + 1] = tie .. id
  entries[#entries + 1] = id
  entries[#entries + 1] = tie
  if dense == '1' and redis.call('HINCRBY', KEYS[5], score, 1) == 1 then
    redis.call('ZADD', KEYS[4], score, score)
  end
end
redis.call('ZADD', KEYS[1], unpack(rows))
redis.call('HSET', KEYS[2], unpack(entries))
redis.call('HSET', KEYS[3], 'epoch', 'seeded', 'revision', last + 1)
"""


@dataclass(frozen=True)
class RulesBoard:
    """A board of a contest with rules: users `u0`, `u1` and so on."""

    title: str
    contest_id: str
    rules: Rules
    users: int
    distinct: int
    """How many different scores there are, from 0 on."""

    @property
    def dense(self) -> bool:
        """Whether the store keeps the distinct scores."""
        return self.rules.rank_style is RankStyle.DENSE


def initial_score(user: int, distinct: int) -> int:
    """Return the score of a user of a filled board."""
    return user * _SPREAD % distinct


def boards(users: int) -> list[RulesBoard]:
    """Return a board with ties of each order and style, and a dense one without ties.

    The first one has the default rules: the others are compared with it.
    """
    with_ties = users // USERS_OF_A_SCORE + 1
    return [
        *(
            _board(f"{order}, {style}", order, style, users, with_ties)
            for order in Order
            for style in RankStyle
        ),
        _board("dense, without ties", Order.HIGHEST_FIRST, RankStyle.DENSE, users, users),
    ]


def _board(title: str, order: Order, style: RankStyle, users: int, distinct: int) -> RulesBoard:
    rules = Rules(order=order, rank_style=style)
    title = title.replace("_", " ")
    return RulesBoard(title, f"{order}-{style}-{distinct}", rules, users, distinct)


class BoardSize(NamedTuple):
    """The bytes that a board takes in the store."""

    rows: int
    distinct_scores: int


def fill(store: RunningStore, board: RulesBoard) -> BoardSize:
    """Fill a board."""
    script = store.client.register_script(_FILL)
    names = _keys(board)
    lowest_first = int(board.rules.order is Order.LOWEST_FIRST)
    for part in chunks(board.users):
        script(keys=names, args=[*part, board.distinct, MAX_SCORE, lowest_first, int(board.dense)])
    if rules := encode_rules(board.rules):
        store.client.hset(keys.meta(board.contest_id), "rules", rules)
    sizes = [store.size(name) for name in names]
    return BoardSize(sum(sizes[:3]), sum(sizes[3:]))


def _keys(board: RulesBoard) -> list[str]:
    contest_id = board.contest_id
    return [
        keys.board(contest_id),
        keys.users(contest_id),
        keys.meta(contest_id),
        keys.scores(contest_id),
        keys.score_counts(contest_id),
    ]
