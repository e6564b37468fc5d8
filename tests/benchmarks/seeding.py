"""Fills the store with boards of a known size before a measurement.

The rows are made inside the store by a script, a few thousand at a time: millions of updates
through a server would take longer than the measurements.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.layouts import Layout
from benchmarks.store import RunningStore
from leaderboard_server.domain.rules import MAX_SCORE
from leaderboard_server.storage import keys

LEADERS = 10
"""The number of users `hot0` to `hot9`, which have the first ranks of the contest `hot`."""

_LEAD = 1_000_000_000
_CHUNK = 2_500
"""Rows of one script call: the Lua of the store accepts about 8,000 values at once."""

# scores alternate between users, so that rows are in memory as in a board with a long history
_FILL_PLAIN = """
local first, last, users = unpack(ARGV)
local rows = {}
for i = first, last do
  rows[#rows + 1] = i * 7919 % users + 1
  rows[#rows + 1] = 'u' .. i
end
redis.call('ZADD', KEYS[1], unpack(rows))
"""

# As commit.lua leaves it, where user i was the writer of revision i + 1.
_FILL_SERVICE = """
local first, last, users, max_score = unpack(ARGV)
local rows, entries = {}, {}
for i = first, last do
  local id, tie = 'u' .. i, string.format('%014x', max_score - 1 - (i + 1))
  rows[#rows + 1] = i * 7919 % users + 1
  rows[#rows + 1] = tie .. id
  entries[#entries + 1] = id
  entries[#entries + 1] = tie
end
redis.call('ZADD', KEYS[1], unpack(rows))
redis.call('HSET', KEYS[2], unpack(entries))
redis.call('HSET', KEYS[3], 'epoch', 'seeded', 'revision', last + 1)
"""


@dataclass(frozen=True)
class Dataset:
    """Boards of the same size."""

    contests: int
    """1 is the contest `hot`; more are `c0`, `c1` and so on."""
    users: int
    """Users of each contest, `u0`, `u1` and so on, with scores from 1 to that many."""

    @property
    def contest_ids(self) -> list[str]:
        """The contests."""
        return ["hot"] if self.contests == 1 else [f"c{i}" for i in range(self.contests)]


def seed(store: RunningStore, dataset: Dataset) -> dict[Layout, int]:
    """Empty the store and fill it, for every layout.

    Returns:
        The bytes of the store for each layout.
    """
    # Without SYNC the memory is given back while the next boards are measured.
    store.client.execute_command("FLUSHALL", "SYNC")  # type: ignore[no-untyped-call]
    taken = {}
    for layout in Layout:
        before = store.memory()
        for contest_id in dataset.contest_ids:
            fill(store, layout, contest_id, dataset.users)
        if dataset.contests == 1:
            _add_leaders(store, layout, dataset.users)
        taken[layout] = store.memory() - before
    return taken


def fill(store: RunningStore, layout: Layout, contest_id: str, users: int) -> None:
    """Fill a contest with users `u0`, `u1` and so on, whose scores are those of `score_of`."""
    script = store.client.register_script(
        _FILL_SERVICE if layout is Layout.SERVICE else _FILL_PLAIN
    )
    names = [layout.board(contest_id), keys.users(contest_id), keys.meta(contest_id)]
    for first, last in chunks(users):
        script(keys=names, args=[first, last, users, MAX_SCORE])


def score_of(number: int, users: int) -> int:
    """Return the score of a user, by its number; each score is there once."""
    return number * 7919 % users + 1


def chunks(users: int) -> Iterator[tuple[int, int]]:
    """Yield the first and the last user of each script call that fills a board."""
    for first in range(0, users, _CHUNK):
        yield first, min(first + _CHUNK, users) - 1


def _add_leaders(store: RunningStore, layout: Layout, users: int) -> None:
    board = layout.board("hot")
    for i in range(LEADERS):
        user_id, score, revision = f"hot{i}", _LEAD * (LEADERS - i), users + 1 + i
        tie = format(MAX_SCORE - 1 - revision, "014x") if layout is Layout.SERVICE else ""
        store.client.zadd(board, {tie + user_id: score})
        if layout is Layout.SERVICE:
            store.client.hset(keys.users("hot"), user_id, tie)
            store.client.hset(keys.meta("hot"), "revision", revision)
