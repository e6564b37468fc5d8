"""The live board has the places and ranks of its contest, whatever the rules of that are."""

from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clients.python.plain_contest import PlainContest, Removal, Step, Write
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import RankedUser
from leaderboard_client.live_board import LiveBoard

USERS = "abcdefgh"
RULES = st.builds(
    pb.ContestRules,
    order=st.sampled_from(pb.Order.values()),
    tie_break=st.sampled_from(pb.TieBreak.values()),
    rank_style=st.sampled_from(pb.RankStyle.values()),
)
WRITES = st.builds(
    Write, st.sampled_from(USERS), st.integers(-2, 2), st.sampled_from(["", "red", "blue"])
)
STEPS = st.one_of(WRITES, WRITES, st.builds(Removal, st.sampled_from(USERS)))
MESSAGES = st.lists(st.lists(STEPS, min_size=1, max_size=4), max_size=25)
"""The writes and removals of each message: several that a watcher is sent at once."""

Messages = list[list[Step]]


def _watching(
    contest: PlainContest, scope: pb.WatchScope, messages: Messages
) -> Iterable[LiveBoard]:
    """Yield the board of a watch after each message, the snapshot included."""
    board = LiveBoard(scope=scope, limit=contest.limit)
    board.apply(contest.snapshot(scope))
    yield board
    for steps in messages:
        board.apply(contest.write(scope, steps))
        yield board


@given(rules=RULES, limit=st.integers(1, 6), earlier=st.lists(WRITES), messages=MESSAGES)
def test_top_rows_are_the_first_rows(
    rules: pb.ContestRules, limit: int, earlier: list[Write], messages: Messages
) -> None:
    """With the scope TOP the rows equal the contest's first rows after every message."""
    contest = PlainContest(rules, limit)
    contest.write(pb.WATCH_SCOPE_TOP, earlier)

    for board in _watching(contest, pb.WATCH_SCOPE_TOP, messages):
        assert board.rows == contest.top()
        assert board.total_users in {None, len(contest.rows)}


@example(
    rules=pb.ContestRules(),
    limit=1,
    earlier=[Write("b", 0, "")],
    messages=[[Write("a", 0, ""), Removal("b")]],
)
@given(rules=RULES, limit=st.integers(1, 9), earlier=st.lists(WRITES), messages=MESSAGES)
def test_all_rows_are_first_rows(
    rules: pb.ContestRules, limit: int, earlier: list[Write], messages: Messages
) -> None:
    """With the scope ALL the rows are first ones of the contest, and all if the limit suffices."""
    contest = PlainContest(rules, limit)
    contest.write(pb.WATCH_SCOPE_ALL, earlier)

    for board in _watching(contest, pb.WATCH_SCOPE_ALL, messages):
        assert board.rows == contest.top()[: len(board.rows)]
        assert len(board.rows) == len(contest.rows) or contest.most_rows > limit
        assert board.total_users == len(contest.rows)


@given(
    rules=RULES,
    users=st.frozensets(st.sampled_from(USERS), min_size=1),
    earlier=st.lists(WRITES),
    messages=MESSAGES,
)
def test_watched_users_have_the_rows_of_their_own_changes(
    rules: pb.ContestRules, users: frozenset[str], earlier: list[Write], messages: Messages
) -> None:
    """With the scope USERS each row is that of its last change, by score, place and the latest."""
    contest = PlainContest(rules, limit=1, users=users)
    contest.write(pb.WATCH_SCOPE_USERS, earlier)
    sign = 1 if rules.order == pb.ORDER_LOWEST_FIRST else -1
    latest_first = [row for row in contest.board() if row.user_id in users]

    singly = [[step] for steps in messages for step in steps]
    boards = iter(_watching(contest, pb.WATCH_SCOPE_USERS, singly))
    next(boards)
    for board, [step] in zip(boards, singly, strict=True):
        now = [row for row in contest.board() if row.user_id == step.user_id]
        if step.user_id in users:
            others = [row for row in latest_first if row.user_id != step.user_id]
            latest_first = [*now, *others]
        assert list(board.rows) == sorted(
            latest_first, key=lambda row: (sign * row.score, row.place)
        )


@pytest.mark.parametrize(
    ("style", "ranks"),
    [
        (pb.RANK_STYLE_UNSPECIFIED, [1, 2, 3, 4]),
        (pb.RANK_STYLE_ORDINAL, [1, 2, 3, 4]),
        (pb.RANK_STYLE_COMPETITION, [1, 2, 2, 4]),
        (pb.RANK_STYLE_DENSE, [1, 2, 2, 3]),
    ],
)
@pytest.mark.parametrize("scores", [(101, 100, 100, 99), (1, 0, 0, -1), (-7, -6, -6, 5)])
def test_known_ranks(style: pb.RankStyle, ranks: list[int], scores: tuple[int, ...]) -> None:
    """Equal scores share a rank as the style says, whatever the order and the signs are."""
    board = LiveBoard(limit=4)
    rows = [
        pb.RankedUser(user_id=str(place), score=score, place=place)
        for place, score in enumerate(scores, 1)
    ]
    rules = pb.ContestRules(rank_style=style)

    board.apply(pb.WatchContestResponse(snapshot=pb.Snapshot(users=rows, rules=rules)))

    assert [row.rank for row in board.rows] == ranks


def test_a_tie_at_the_limit() -> None:
    """A user that leaves the rows with a shared rank within the limit is not shown."""
    contest = PlainContest(pb.ContestRules(rank_style=pb.RANK_STYLE_COMPETITION), limit=3)
    contest.write(pb.WATCH_SCOPE_TOP, [Write("a", 9), Write("b", 7), Write("c", 7), Write("d", 5)])
    messages: Messages = [[Write("d", 2)], [Write("b", 1), Write("b", -1)]]

    *_, board = _watching(contest, pb.WATCH_SCOPE_TOP, messages)

    assert [(row.place, row.rank, row.user_id) for row in board.rows] == [
        (1, 1, "a"),
        (2, 2, "c"),
        (3, 2, "d"),
    ]
    assert contest.board()[3] == RankedUser(2, "b", 7, "", 4, {"team": ""})


def test_a_snapshot_brings_other_rules() -> None:
    """The ranks follow the rules of the last snapshot."""
    board = LiveBoard(limit=3)
    for revision, style in enumerate([pb.RANK_STYLE_DENSE, pb.RANK_STYLE_ORDINAL]):
        rows = [pb.RankedUser(user_id=name, score=1, place=n) for n, name in enumerate("ab", 1)]
        rules = pb.ContestRules(rank_style=style)
        snapshot = pb.Snapshot(users=rows, rules=rules, reason=pb.SNAPSHOT_REASON_CONTEST_UPDATED)
        position = pb.Position(epoch="e", revision=revision)
        board.apply(pb.WatchContestResponse(position=position, snapshot=snapshot))
        assert [row.rank for row in board.rows] == [1, 1 + revision]
