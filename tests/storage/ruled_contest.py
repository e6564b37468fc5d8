"""A contest with rules, written and read through the real scripts beside the plain model."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from redis.asyncio import Redis

from leaderboard_server.callbacks import settle
from leaderboard_server.domain import rules as domain
from leaderboard_server.domain.board import RankedUser, RankQuery, ScoreQuery
from leaderboard_server.domain.change import Mark
from leaderboard_server.domain.contest import ContestSettings
from leaderboard_server.domain.errors import Outcome
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult
from leaderboard_server.storage import keys
from leaderboard_server.storage.rank_replies import RankReply, ScoreRankReply, UsersReply
from leaderboard_server.storage.store import Store
from leaderboard_server.transport.statuses import status_of
from model import records
from model.board import Service
from model.contest_records import Settings
from model.statuses import rejection_of

USERS = ("ada", "bo", "cy", "di", "ed", "fe")
ABSENT = "zoe"
SCORES = range(-6, 7)

_names = itertools.count()


def rules_of(rules: records.Rules) -> domain.Rules:
    """Convert the rules of the model."""
    return domain.Rules(
        domain.Order[rules.order.name],
        domain.TieBreak[rules.tie_break.name],
        domain.RankStyle[rules.rank_style.name],
        domain.UpdateMode[rules.default_mode.name],
        rules.min_score,
        rules.max_score,
        rules.max_points,
    )


class RuledContest:
    """One contest in the store and in the model; everything that is read of both is compared."""

    def __init__(self, store: Store, redis: Redis) -> None:
        self.contest_id = f"ruled-{next(_names)}"
        self._store, self._redis = store, redis
        self._model = Service()

    async def create(self, rules: records.Rules) -> None:
        """Set the rules, before the first update."""
        settings = ContestSettings(rules=rules_of(rules))
        assert (await self._store.contests.create(self.contest_id, settings)).written
        self._model.create_contest(self.contest_id, Settings(rules=rules))

    async def commit(self, updates: Sequence[records.Update]) -> None:
        """Apply updates in one commit, and compare their outcomes."""
        reply = await self._store.commit(self.contest_id, list(map(self._update, updates)))
        here = [self._here(update) for update in updates]
        outcomes = list(map(_answer, reply.outcomes()))
        # Paths and positions of updates in a batch are not the store's.
        assert outcomes == [self._model.update(update) for update in here]

    async def compare(self) -> None:
        """Compare each page, and the rank of each user and score, with rows around them."""
        ranked = self._model.board(self.contest_id)
        for start in range(1, len(ranked) + 2):
            for limit in (1, 2, 3, 10):
                page = await self._store.top(self.contest_id, start, limit)
                due = ranked[start - 1 : start - 1 + limit]
                assert list(map(_user, page.users)) == due, (start, limit)
                assert page.total_users == len(ranked)
        for width in (0, 1, 2, 3, 4, 10):
            await self._compare_ranks(neighbors=0, around=width)
            await self._compare_ranks(neighbors=width, around=1)
            await self._compare_scores(width)
        await self._compare_users()
        await self._compare_log()
        await self._compare_distinct_scores()

    async def _compare_ranks(self, neighbors: int, around: int) -> None:
        queries = [RankQuery(self.contest_id, user, neighbors, around) for user in (*USERS, ABSENT)]
        reply: asyncio.Future[RankReply] = asyncio.get_running_loop().create_future()
        self._store.start_ranks(self.contest_id, queries, partial(settle, reply))
        for query, (_, standing) in zip(queries, (await reply).ranks(), strict=True):
            due = self._model.rank(
                self.contest_id, query.user_id, neighbors=neighbors, around_user=around
            )
            if isinstance(due, records.Rejection):
                assert standing is None
                continue
            assert standing
            assert _user(standing.user) == due.user
            assert tuple(map(_user, standing.neighbors)) == due.neighbors
            assert tuple(map(_user, standing.around)) == due.around, (query, due)
            assert round(standing.percentile, 9) == due.percentile

    async def _compare_scores(self, around: int) -> None:
        queries = [ScoreQuery(self.contest_id, score, around) for score in SCORES]
        reply: asyncio.Future[ScoreRankReply] = asyncio.get_running_loop().create_future()
        self._store.start_score_ranks(self.contest_id, queries, partial(settle, reply))
        for query, rank in zip(queries, (await reply).ranks(), strict=True):
            due = self._model.score_rank(self.contest_id, query.score, around_score=around)
            assert isinstance(due, records.ScoreRank)
            assert (rank.rank, rank.place) == (due.rank, due.place), query
            assert tuple(map(_user, rank.around)) == due.around, query
            assert rank.total_users == due.total_users

    async def _compare_users(self) -> None:
        reply: asyncio.Future[UsersReply] = asyncio.get_running_loop().create_future()
        self._store.start_users(self.contest_id, (*USERS, ABSENT), partial(settle, reply))
        users = (_user(user) for user in (await reply).users() if user)
        due = self._model.user_ranks(self.contest_id, (*USERS, ABSENT))
        assert isinstance(due, records.UserRanks)
        assert sorted(users, key=lambda user: user.place) == list(due.users)

    async def _compare_log(self) -> None:
        history = await self._store.history(self.contest_id, 0, 1000)
        assert history.commits[0].mark is Mark.CONTEST_UPDATED
        number = self._model.position(self.contest_id).history
        for commit in history.commits[1:]:
            change = commit.changes[-1]
            at = records.Position(number, commit.revision)
            due = self._model.board(self.contest_id, at=at)
            assert _user(change.user) == due[change.user.place - 1]
            earlier = records.Position(number, commit.revision - 1)
            before = self._model.board(self.contest_id, at=earlier)
            places = {user.user_id: (user.place, user.rank) for user in before}
            previous = places.get(change.user.user_id, (0, 0))
            assert (change.previous_place, change.previous_rank) == previous

    async def _compare_distinct_scores(self) -> None:
        """Where the style is dense the store has each score that a user has, and no other."""
        rules = self._model.settings(self.contest_id).rules
        scores = [user.score for user in self._model.board(self.contest_id)]
        if rules.rank_style is not records.RankStyle.DENSE:
            scores = []
        sign = -1 if rules.order is records.Order.LOWEST_FIRST else 1
        distinct = await self._redis.zrange(keys.scores(self.contest_id), 0, -1, withscores=True)
        members = {int(each[0]): each[1] for each in distinct}
        assert members == {sign * score: sign * score for score in scores}
        counts = await self._redis.hgetall(keys.score_counts(self.contest_id))
        counted = {int(score): int(count) for score, count in counts.items()}
        assert counted == Counter(sign * score for score in scores)

    def _here(self, update: records.Update) -> records.Update:
        return replace(update, contest_id=self.contest_id)

    def _update(self, update: records.Update) -> ScoreUpdate:
        mode = domain.UpdateMode.UNSPECIFIED
        if update.mode:
            mode = domain.UpdateMode[update.mode.name]
        return ScoreUpdate(
            self.contest_id,
            update.user_id,
            update.points,
            mode,
            update.request_id,
            display_name=update.display_name,
            attributes=update.attributes,
            clear_display_name=update.clear_display_name,
        )


def _user(user: RankedUser) -> records.RankedUser:
    return records.RankedUser(
        user.user_id, user.score, user.rank, user.display_name, user.place, user.attributes
    )


def _answer(outcome: Outcome) -> records.Result | records.Rejection:
    if not isinstance(outcome, UpdateResult):
        return rejection_of(status_of(outcome))
    return records.Result(
        user=_user(outcome.user),
        previous_score=outcome.previous_score,
        previous_rank=outcome.previous_rank,
        previous_place=outcome.previous_place,
        applied=outcome.applied,
        replayed=outcome.replayed,
        position=records.Position(1, outcome.position.revision),
    )
