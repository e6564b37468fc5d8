"""The arguments of the scripts that read ranks, and the store's replies to them.

Replies are decoded after the next call was sent.
"""

from collections.abc import Sequence
from typing import TypeAlias

from leaderboard_server.domain.board import (
    RankedUser,
    RankQuery,
    ScoreQuery,
    ScoreRank,
    Standing,
)
from leaderboard_server.domain.position import Position
from leaderboard_server.storage.contest_scripts import Read
from leaderboard_server.storage.resp_protocol import Argument
from leaderboard_server.storage.rows_codec import decode_score_rank, decode_standing, decode_user
from leaderboard_server.storage.rules_codec import decode_rules

Rank: TypeAlias = tuple[Position, Standing | None]
"""The position of the contest, and None for a user without a score in it."""


def rank_arguments(queries: Sequence[RankQuery]) -> list[Argument]:
    """Return the arguments of the ranks script for users with rows around them."""
    return [
        each
        for query in queries
        for each in (
            f"{query.neighbors} {query.around}" if query.neighbors or query.around else "",
            query.user_id,
        )
    ]


def users_arguments(user_ids: Sequence[str]) -> list[Argument]:
    """Return the arguments of the ranks script for users alone."""
    return [each for user_id in user_ids for each in ("-", user_id)]


def score_arguments(queries: Sequence[ScoreQuery]) -> list[Argument]:
    """Return the arguments of the score ranks script."""
    return [each for query in queries for each in (query.score, query.around)]


class RankReply:
    """The store's reply to queries of one contest."""

    def __init__(self, queries: Sequence[RankQuery], read: Read) -> None:
        self._queries = queries
        self._read = read

    def ranks(self) -> list[Rank]:
        """Return the rank of each user, in the order of the queries."""
        position, (rules_text, total, *standings) = self._read
        rules, total_users = decode_rules(rules_text), int(total)
        return [
            (position, decode_standing(rules, query, standing, total_users, position))
            for query, standing in zip(self._queries, standings, strict=True)
        ]


class UsersReply:
    """The store's reply to the ids of users of one contest."""

    def __init__(self, user_ids: Sequence[str], read: Read) -> None:
        self._user_ids = user_ids
        self.position = read.position
        rules_text, total, *self._standings = read.rest
        self.rules = decode_rules(rules_text)
        self.total_users = int(total)

    def users(self) -> list[RankedUser | None]:
        """Return the users in the order of their ids; None for one without a score."""
        return [
            decode_user(self.rules, user_id, standing) if standing else None
            for user_id, standing in zip(self._user_ids, self._standings, strict=True)
        ]


class ScoreRankReply:
    """The store's reply to scores of one contest."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def ranks(self) -> list[ScoreRank]:
        """Return the rank of each score, in the order of the queries."""
        position, (rules_text, total, *results) = self._read
        rules, total_users = decode_rules(rules_text), int(total)
        return [decode_score_rank(rules, result, total_users, position) for result in results]
