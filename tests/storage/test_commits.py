"""Promises 2 to 4 of the store: atomic commits, fair ties, exact scores; on each kind of store."""

import asyncio

import pytest
from redis.asyncio import Redis

from harness.uncounted import store_instruments
from leaderboard_server.domain.errors import ScoreOutOfRange
from leaderboard_server.domain.rules import MAX_SCORE, UpdateMode
from leaderboard_server.domain.update import UpdateResult
from leaderboard_server.storage import keys
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from leaderboard_server.storage.store import Retention, Store
from storage.conftest import NewStore
from storage.contest import CONTEST, add, commit, ids, score


class TestAtomicCommits:
    """Promise 2: score, tie position, revision, log and notification change in one step."""

    async def test_each_answer_is_of_its_own_step(self, new_store: NewStore) -> None:
        """In one commit each answer has the state at the revision of its update."""
        results = await commit(new_store(), add("ada", 5), add("bo", 7), add("ada", 3))

        answers = [(r.user.rank, r.previous_rank, r.user.score, r.previous_score) for r in results]
        assert answers == [(1, 0, 5, 0), (1, 0, 7, 0), (1, 2, 8, 5)]
        assert [result.position.revision for result in results] == [1, 2, 3]

    async def test_concurrent_commits_of_two_servers_are_numbered_without_gaps(
        self, new_store: NewStore
    ) -> None:
        """Every revision is given once, and every answer has the score at its own revision."""
        stores = new_store(), new_store()

        async def write(store: Store) -> list[UpdateResult]:
            return [(await commit(store, add("ada")))[0] for _ in range(50)]

        answers = [a for each in await asyncio.gather(*map(write, stores)) for a in each]

        assert sorted(a.position.revision for a in answers) == list(range(1, 101))
        assert all(a.user.score == a.position.revision for a in answers)

    async def test_log_equals_the_answers(self, new_store: NewStore) -> None:
        """The commit in the log equals the one in the writer's reply."""
        store = new_store()
        replies = [
            await store.commit(
                CONTEST,
                (
                    add("ada", 5, event_type="goal", event_time_ns=-1, display_name='A"d\\a é'),
                    add("bo", 5),
                    add("ada", 0),
                ),
            ),
            await store.commit(CONTEST, (add("bo", -7, event_time_ns=10**20),)),
        ]

        history = await store.history(CONTEST, 0, 10)

        assert history.commits == [reply.commit() for reply in replies]
        assert history.position == replies[-1].position

    async def test_rejected_update_does_not_affect_the_others(self, new_store: NewStore) -> None:
        """Each update of a batch is decided as if the accepted ones before it were applied."""
        store = new_store()
        reply = await store.commit(
            CONTEST, (add("ada", MAX_SCORE), add("ada", 1), add("bo", 2), add("ada", -1))
        )

        kinds = [type(outcome) for outcome in reply.outcomes()]
        assert kinds == [UpdateResult, ScoreOutOfRange, UpdateResult, UpdateResult]
        assert await score(store, "ada") == MAX_SCORE - 1

    async def test_board_of_one_user_is_never_empty(self, redis: Redis) -> None:
        """A set that is emptied is deleted; in a moved slot of a cluster it can't come back."""
        connection = PipelinedConnection(redis)
        store = Store(connection, connection, Retention(), store_instruments())
        await commit(store, add("ada"))
        await redis.config_set("notify-keyspace-events", "Kgz")
        async with redis.pubsub() as pubsub:
            await pubsub.subscribe(f"__keyspace@0__:{keys.board(CONTEST)}")
            await pubsub.get_message(timeout=5)
            (result,) = await commit(store, add("ada"))
            events = []
            while "zrem" not in events:
                message = await pubsub.get_message(timeout=5)
                assert message is not None
                events.append(message["data"].decode())

        assert events == ["zadd", "zrem"]
        assert (result.user.rank, result.previous_rank) == (1, 1)
        await redis.config_set("notify-keyspace-events", "")
        await connection.close()

    async def test_nothing_is_written_if_every_update_is_rejected(
        self, new_store: NewStore, any_redis: Redis
    ) -> None:
        """Keys and position do not change."""
        store = new_store()
        await commit(store, add("ada", MAX_SCORE, request_id="r"))
        before = await any_redis.keys()
        meta = await any_redis.hgetall(keys.meta(CONTEST))

        await store.commit(CONTEST, (add("ada", 1), add("ada", 2, request_id="r")))

        assert sorted(await any_redis.keys()) == sorted(before)
        assert await any_redis.hgetall(keys.meta(CONTEST)) == meta


class TestFairTies:
    """Promise 3: of equal scores the one reached first ranks higher."""

    async def test_first_to_reach_the_score_ranks_first(self, new_store: NewStore) -> None:
        """The bytes of the user ids have no influence."""
        store = new_store()
        await commit(store, add("zoe", 5), add("ada", 5), add("max", 4))
        await commit(store, add("max", 1))

        assert await ids(store) == ["zoe", "ada", "max"]

    async def test_write_that_changes_nothing_moves_nobody(self, new_store: NewStore) -> None:
        """Adding 0 points, setting the same score, and a lower best take no revision."""
        store = new_store()
        await commit(store, add("zoe", 5), add("ada", 5))
        results = await commit(
            store,
            add("zoe", 0),
            add("zoe", 5, mode=UpdateMode.SET),
            add("zoe", 3, mode=UpdateMode.BEST),
        )

        assert not any(result.applied for result in results)
        assert {result.position.revision for result in results} == {2}
        assert await ids(store) == ["zoe", "ada"]

    async def test_user_that_left_a_score_and_came_back_is_last(self, new_store: NewStore) -> None:
        """The last time a user reached its score decides."""
        store = new_store()
        await commit(store, add("zoe", 5), add("ada", 5), add("zoe", 1), add("zoe", -1))

        assert await ids(store) == ["ada", "zoe"]

    async def test_new_name_alone_keeps_the_rank(self, new_store: NewStore) -> None:
        """A new name takes a revision of its own, but no rank changes."""
        store = new_store()
        await commit(store, add("zoe", 5), add("ada", 5))

        (result,) = await commit(store, add("zoe", 0, display_name="Zoë"))

        assert (result.applied, result.position.revision) == (True, 3)
        assert await ids(store) == ["zoe", "ada"]


class TestExactScores:
    """Promise 4: scores are exact integers from -2^53 to 2^53."""

    @pytest.mark.parametrize("sign", [1, -1])
    async def test_bound_itself_is_reached_and_not_passed(
        self, new_store: NewStore, sign: int
    ) -> None:
        """2^53 is stored exactly; 2^53 + 1, which a double can't hold, is rejected."""
        store = new_store()
        await commit(store, add("ada", sign * (MAX_SCORE - 1)), add("ada", sign))

        reply = await store.commit(CONTEST, (add("ada", sign),))

        assert isinstance(reply.outcomes()[0], ScoreOutOfRange)
        assert await score(store, "ada") == sign * MAX_SCORE

    async def test_widest_change_is_exact(self, new_store: NewStore) -> None:
        """A change from -2^53 to 2^53 - 1 is exact, though a double can't hold the difference."""
        store = new_store()
        await commit(store, add("ada", -MAX_SCORE))

        await commit(store, add("ada", MAX_SCORE - 1, mode=UpdateMode.SET))

        (change,) = (await store.history(CONTEST, 1, 1)).commits[0].changes
        assert change.points == 2 * MAX_SCORE - 1


class TestModes:
    """The modes INCREMENT, SET and BEST."""

    async def test_first_write_creates_the_user_in_every_mode(self, new_store: NewStore) -> None:
        """A first write creates the user with 0 or negative points too."""
        store = new_store()
        results = await commit(
            store,
            add("a", 0),
            add("b", -3, mode=UpdateMode.SET),
            add("c", -2, mode=UpdateMode.BEST),
        )

        assert [result.user.score for result in results] == [0, -3, -2]
        assert all(result.applied and not result.previous_rank for result in results)

    async def test_best_keeps_the_better_score(self, new_store: NewStore) -> None:
        """Only a higher score replaces the current one."""
        store = new_store()
        results = await commit(
            store, *(add("a", points, mode=UpdateMode.BEST) for points in (5, 3, 8))
        )

        assert [result.user.score for result in results] == [5, 5, 8]
