"""Decodes rows and ranks of a board from the replies of the reading scripts."""

from collections.abc import Iterator, Sequence
from typing import Any

from leaderboard_server.domain.board import (
    Page,
    RankedUser,
    RankQuery,
    ScoreRank,
    Standing,
    first_place_around,
)
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.rules import Order, RankStyle, Rules, shown_ranks
from leaderboard_server.storage.codec import decode_profile
from leaderboard_server.storage.rules_codec import decode_rules

TIE_KEY_LENGTH = 14
"""The length of the tie key, with which members and the users' entries begin."""
_LOWEST_FIRST, _ORDINAL = Order.LOWEST_FIRST, RankStyle.ORDINAL
"""For every rank and row that is read: access through the Enum takes 0.1 µs."""


def decode_page(position: Position, rest: Sequence[Any]) -> Page:
    """Decode a page from what follows the position in the reply of the top script."""
    rules_text, total, rows, left = rest
    rules = decode_rules(rules_text)
    users = tuple(decode_rows(rules, rows))
    return Page(users, int(total), position, rules, int(left) if left else None)


def decode_rows(rules: Rules, read: Sequence[Any]) -> Iterator[RankedUser]:
    """Decode rows as `rows.lua` returns them."""
    first_index, first_rank, rows, entries = read
    first_place = int(first_index) + 1
    scores = [decode_score(rules, score) for score in rows[1::2]]
    ranks = shown_ranks(rules.rank_style, scores, first_place, int(first_rank))
    for offset, (entry, score, rank) in enumerate(zip(entries, scores, ranks, strict=True)):
        name, attributes = decode_profile(entry[TIE_KEY_LENGTH:].decode()) if entry else ("", ())
        user_id = rows[2 * offset][TIE_KEY_LENGTH:].decode()
        yield RankedUser(user_id, score, rank, name, first_place + offset, attributes)


def decode_score(rules: Rules, text: bytes) -> int:
    """Decode a score of the board."""
    score = int(float(text))
    return -score if rules.order is _LOWEST_FIRST else score


def decode_standing(
    rules: Rules, query: RankQuery, standing: Any, total_users: int, position: Position
) -> Standing | None:
    """Decode the standing of a user from the ranks script; None for a user without a score."""
    if not standing:
        return None
    read: Sequence[Any] | None = None
    if not isinstance(standing, bytes):
        standing, read = standing
    user, worse = _decode_user(rules, query.user_id, standing, total_users)
    if not read:
        return Standing(user, (), (), worse, total_users, position)
    rows = list(decode_rows(rules, read))
    first = user.place - query.neighbors
    neighbors = (
        row for row in rows if first <= row.place <= user.place + query.neighbors and row != user
    )
    around = _around(rows, user.place, query.around, total_users)
    return Standing(user, tuple(neighbors), around, worse, total_users, position)


def decode_user(rules: Rules, user_id: str, standing: bytes) -> RankedUser:
    """Decode a standing without rows around it."""
    return _decode_user(rules, user_id, standing, 0)[0]


def _decode_user(
    rules: Rules, user_id: str, standing: bytes, total_users: int
) -> tuple[RankedUser, int]:
    """Return the user, and how many others have a worse rank."""
    if rules.rank_style is _ORDINAL:
        index, score, entry = standing.split(b" ", 2)
        rank = place = int(index) + 1
        worse = total_users - place
    else:
        index, score, shared_rank, worse_users, entry = standing.split(b" ", 4)
        place, rank, worse = int(index) + 1, int(shared_rank), int(worse_users)
    profile = entry[TIE_KEY_LENGTH:]
    name, attributes = decode_profile(profile.decode()) if profile else ("", ())
    return RankedUser(user_id, decode_score(rules, score), rank, name, place, attributes), worse


def decode_score_rank(
    rules: Rules, result: Sequence[Any], total_users: int, position: Position
) -> ScoreRank:
    """Decode the rank of a score."""
    rank, place, *read = result
    rows = tuple(decode_rows(rules, read[0])) if read else ()
    return ScoreRank(int(rank), int(place), rows, total_users, position)


def _around(
    rows: Sequence[RankedUser], place: int, count: int, total_users: int
) -> tuple[RankedUser, ...]:
    first = first_place_around(place, count, total_users)
    return tuple(row for row in rows if first <= row.place < first + count)
