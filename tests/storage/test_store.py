"""The store's contract, on Valkey, on Redis and, for what it can do, on fakeredis."""

import asyncio
import time

import pytest
from redis.asyncio import Redis

from harness.stores import StoreProcess
from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.errors import (
    RequestIdReused,
    ScoreOutOfRange,
    StoreUnavailable,
)
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.update import MAX_SCORE, ScoreUpdate, UpdateMode, UpdateResult
from leaderboard_server.storage import keys
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from leaderboard_server.storage.store import Rank, RankQuestion, Retention, Store
from storage.conftest import NewStore

CONTEST = "chess"


def add(user_id: str, points: int = 1, **more: object) -> ScoreUpdate:
    """Return an update that adds points."""
    return ScoreUpdate(CONTEST, user_id, points, **more)  # type: ignore[arg-type]


async def commit(store: Store, *updates: ScoreUpdate) -> list[UpdateResult]:
    """Commit updates of which none is refused."""
    outcomes = (await store.commit(CONTEST, updates)).outcomes()
    results = [outcome for outcome in outcomes if isinstance(outcome, UpdateResult)]
    assert len(results) == len(updates), outcomes
    return results


async def rank(store: Store, user_id: str, neighbors: int = 0) -> Rank:
    """Return where a user stands, asked alone."""
    (answer,) = (await store.ranks(CONTEST, (RankQuestion(user_id, neighbors),)))()
    return answer


async def score(store: Store, user_id: str) -> int:
    """Return a user's score."""
    _, standing = await rank(store, user_id)
    assert standing
    return standing.user.score


async def ids(store: Store) -> list[str]:
    """Return the users of the board, best first."""
    return [user.user_id for user in (await store.top(CONTEST, 1, 100)).users]


class TestOnce:
    """Promise 1: a write takes effect once, however often it is sent."""

    async def test_a_repeated_request_id_gets_the_first_answer(self, new_store: NewStore) -> None:
        """The answer is that of the first time, also after others moved the user's rank."""
        store = new_store()
        (first,) = await commit(store, add("ada", 5, request_id="r1", display_name="Ada"))
        await commit(store, add("bo", 9), add("ada", 1, display_name="Countess"))

        (again,) = await commit(new_store(), add("ada", 5, request_id="r1", display_name="Ada"))

        assert again == first._replace(replayed=True)
        assert await score(store, "ada") == 6

    async def test_a_request_id_with_another_payload_is_refused(self, new_store: NewStore) -> None:
        """Each part of the payload counts, and nothing is written."""
        store = new_store()
        await commit(store, add("ada", 5, request_id="r1"))
        others = (
            add("bo", 5, request_id="r1"),
            add("ada", 6, request_id="r1"),
            add("ada", 5, mode=UpdateMode.SET, request_id="r1"),
            add("ada", 5, request_id="r1", event_type="goal"),
            add("ada", 5, request_id="r1", event_time_ns=0),
            add("ada", 5, request_id="r1", display_name="Ada"),
        )

        reply = await store.commit(CONTEST, others)

        assert all(isinstance(outcome, RequestIdReused) for outcome in reply.outcomes())
        assert not reply.commit().changes

    async def test_a_repeat_within_one_commit_counts_once(self, new_store: NewStore) -> None:
        """The second of two equal updates in a batch is a replay of the first."""
        first, second = await commit(
            new_store(), add("ada", 5, request_id="r"), add("ada", 5, request_id="r")
        )

        assert second == first._replace(replayed=True)

    async def test_a_resent_commit_gets_the_stored_answer(
        self, new_store: NewStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The same sequence of the same server is answered, not applied again."""
        store = new_store()
        monkeypatch.setattr(store, "_sequence", iter([1, 1]))
        updates = (add("ada", 5), add("bo", MAX_SCORE), add("bo", 1))

        first = await store.commit(CONTEST, updates)
        again = await store.commit(CONTEST, updates)

        assert again.commit() == first.commit()
        assert again.outcomes()[:2] == first.outcomes()[:2]
        assert isinstance(again.outcomes()[2], ScoreOutOfRange)
        assert (await store.position(CONTEST)).revision == 2

    async def test_a_commit_that_comes_too_late_is_not_applied(
        self, new_store: NewStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Once a later commit of a server took effect, an earlier one that was given up can't."""
        store = new_store()
        monkeypatch.setattr(store, "_sequence", iter([2, 1]))
        await commit(store, add("ada", 5))

        with pytest.raises(StoreUnavailable):
            await store.commit(CONTEST, (add("ada", 5),))

        assert await score(store, "ada") == 5

    async def test_a_request_id_outlives_its_window(self, new_store: NewStore) -> None:
        """An id given at the end of one window is still known throughout the next."""
        now = [time.time() // 100 * 100 + 99]
        store = new_store(clock=lambda: now[0], requests_s=100)
        await commit(store, add("ada", 5, request_id="r"))

        now[0] += 100

        (again,) = await commit(store, add("ada", 5, request_id="r"))
        assert again.replayed

    async def test_servers_with_different_clocks_know_each_others_request_ids(
        self, new_store: NewStore
    ) -> None:
        """Also across the edge of a window, whichever of them is ahead."""
        edge = time.time() // 100 * 100 + 100
        slow = new_store(clock=lambda: edge - 1, requests_s=100)
        fast = new_store(clock=lambda: edge + 1, requests_s=100)
        for request_id, first, then in (("r", slow, fast), ("s", fast, slow)):
            await commit(first, add("ada", 5, request_id=request_id))

            (again,) = await commit(then, add("ada", 5, request_id=request_id))

            assert again.replayed

    async def test_the_window_of_request_ids_expires_as_a_whole(
        self, new_store: NewStore, any_redis: Redis
    ) -> None:
        """No request id stays for ever: its window expires when the next one is over."""
        await commit(new_store(requests_s=100), add("ada", 5, request_id="r"))

        (name,) = [key async for key in any_redis.scan_iter("*:requests:*")]

        assert 100 <= await any_redis.ttl(name) <= 200

    async def test_a_refused_update_is_not_remembered(self, new_store: NewStore) -> None:
        """An update that was refused for its score may be sent again when it fits."""
        store = new_store()
        await commit(store, add("ada", MAX_SCORE))
        await store.commit(CONTEST, (add("ada", 1, request_id="r"),))
        await commit(store, add("ada", -5))

        (result,) = await commit(store, add("ada", 1, request_id="r"))

        assert result.user.score == MAX_SCORE - 4
        assert not result.replayed


class TestWithoutTheChannel:
    """A user of the store who may write and not publish, as access lists make one by default."""

    async def test_a_write_that_can_not_be_published_counts_once(
        self, new_store: NewStore, any_redis: Redis, any_store: StoreProcess | None
    ) -> None:
        """It is acknowledged and remembered; other servers find it out without the message."""
        if any_store is None:
            return  # fakeredis has no access lists
        await any_redis.acl_setuser(
            "mute", enabled=True, nopass=True, keys=["*"], commands=["+@all"], reset=True
        )
        mute = connect(f"redis://mute:x@127.0.0.1:{any_store.port}")
        link = PipelinedConnection(mute)
        store = Store(link, link, Retention())

        (first,) = await commit(store, add("ada", 5, request_id="r"))
        (again,) = await commit(store, add("ada", 5, request_id="r"))

        assert again == first._replace(replayed=True)
        assert await score(store, "ada") == 5
        await link.close()
        await mute.aclose()


class TestAtomic:
    """Promise 2: score, tie position, revision, log and notification change in one step."""

    async def test_each_answer_is_of_its_own_step(self, new_store: NewStore) -> None:
        """In one commit each update is answered as of its own revision."""
        results = await commit(new_store(), add("ada", 5), add("bo", 7), add("ada", 3))

        told = [(r.user.rank, r.previous_rank, r.user.score, r.previous_score) for r in results]
        assert told == [(1, 0, 5, 0), (1, 0, 7, 0), (1, 2, 8, 5)]
        assert [result.position.revision for result in results] == [1, 2, 3]

    async def test_concurrent_commits_of_two_servers_are_numbered_without_gaps(
        self, new_store: NewStore
    ) -> None:
        """Every revision is given once, and every answer's score is that of its own step."""
        stores = new_store(), new_store()

        async def write(store: Store) -> list[UpdateResult]:
            return [(await commit(store, add("ada")))[0] for _ in range(50)]

        answers = [a for each in await asyncio.gather(*map(write, stores)) for a in each]

        assert sorted(a.position.revision for a in answers) == list(range(1, 101))
        assert all(a.user.score == a.position.revision for a in answers)

    async def test_the_log_tells_what_was_answered(self, new_store: NewStore) -> None:
        """The commit in the log equals the one that the writer's answer is made of."""
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

    async def test_a_refused_update_does_not_hold_up_the_others(self, new_store: NewStore) -> None:
        """A batch is decided update by update, each as if those before it were applied."""
        store = new_store()
        reply = await store.commit(
            CONTEST, (add("ada", MAX_SCORE), add("ada", 1), add("bo", 2), add("ada", -1))
        )

        kinds = [type(outcome) for outcome in reply.outcomes()]
        assert kinds == [UpdateResult, ScoreOutOfRange, UpdateResult, UpdateResult]
        assert await score(store, "ada") == MAX_SCORE - 1

    async def test_nothing_is_written_when_everything_is_refused(
        self, new_store: NewStore, any_redis: Redis
    ) -> None:
        """Not even a contest comes into being."""
        store = new_store()
        await commit(store, add("ada", MAX_SCORE, request_id="r"))
        before = await any_redis.keys()
        dump = await any_redis.hgetall(keys.meta(CONTEST))

        await store.commit(CONTEST, (add("ada", 1), add("ada", 2, request_id="r")))

        assert sorted(await any_redis.keys()) == sorted(before)
        assert await any_redis.hgetall(keys.meta(CONTEST)) == dump


class TestFairTies:
    """Promise 3: equal scores rank by who reached the score first."""

    async def test_who_reached_the_score_first_ranks_first(self, new_store: NewStore) -> None:
        """The bytes of the ids have no say."""
        store = new_store()
        await commit(store, add("zoe", 5), add("ada", 5), add("max", 4))
        await commit(store, add("max", 1))

        assert await ids(store) == ["zoe", "ada", "max"]

    async def test_a_write_that_changes_nothing_moves_nobody(self, new_store: NewStore) -> None:
        """Neither 0 points, nor the same score set, nor a lesser best have a revision."""
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

    async def test_who_left_a_score_and_came_back_is_last(self, new_store: NewStore) -> None:
        """The score counts as reached when it was reached last."""
        store = new_store()
        await commit(store, add("zoe", 5), add("ada", 5), add("zoe", 1), add("zoe", -1))

        assert await ids(store) == ["ada", "zoe"]

    async def test_a_new_name_alone_keeps_the_place(self, new_store: NewStore) -> None:
        """A new name is a change with a revision of its own, but moves nobody."""
        store = new_store()
        await commit(store, add("zoe", 5), add("ada", 5))

        (result,) = await commit(store, add("zoe", 0, display_name="Zoë"))

        assert (result.applied, result.position.revision) == (True, 3)
        assert await ids(store) == ["zoe", "ada"]


class TestExact:
    """Promise 4: scores are exact integers up to 2^53 either way."""

    @pytest.mark.parametrize("sign", [1, -1])
    async def test_the_bound_itself_is_reached_and_not_passed(
        self, new_store: NewStore, sign: int
    ) -> None:
        """2^53 is kept exactly; one more, which a double can't tell from it, is refused."""
        store = new_store()
        await commit(store, add("ada", sign * (MAX_SCORE - 1)), add("ada", sign))

        reply = await store.commit(CONTEST, (add("ada", sign),))

        assert isinstance(reply.outcomes()[0], ScoreOutOfRange)
        assert await score(store, "ada") == sign * MAX_SCORE

    async def test_the_widest_change_is_told_exactly(self, new_store: NewStore) -> None:
        """From -2^53 to 2^53 - 1: a difference that a double can't hold."""
        store = new_store()
        await commit(store, add("ada", -MAX_SCORE))

        await commit(store, add("ada", MAX_SCORE - 1, mode=UpdateMode.SET))

        (change,) = (await store.history(CONTEST, 1, 1)).commits[0].changes
        assert change.points == 2 * MAX_SCORE - 1


class TestModes:
    """How points are applied."""

    async def test_a_first_write_creates_the_user_in_every_mode(self, new_store: NewStore) -> None:
        """Also with 0 or negative points."""
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
        """Only a higher score replaces the present one."""
        store = new_store()
        results = await commit(
            store, *(add("a", points, mode=UpdateMode.BEST) for points in (5, 3, 8))
        )

        assert [result.user.score for result in results] == [5, 5, 8]


class TestEpochs:
    """A history that was lost is never continued in silence."""

    async def test_a_contest_begins_an_epoch_of_its_own(self, new_store: NewStore) -> None:
        """Two contests have two epochs, and one that is unknown has none."""
        store = new_store()
        assert await store.position("unknown") == BEGINNING
        await commit(store, add("ada"))
        await store.commit("go", (ScoreUpdate("go", "ada", 1),))

        assert (await store.position(CONTEST)).epoch != (await store.position("go")).epoch

    async def test_a_read_notices_an_emptied_store(
        self, new_store: NewStore, any_redis: Redis
    ) -> None:
        """The server that had seen more begins a new epoch; others take it over."""
        store, other = new_store(), new_store()
        await commit(store, add("ada"))
        before = await other.position(CONTEST)
        await any_redis.flushall()

        after = await store.position(CONTEST)

        assert after.epoch not in ("", before.epoch)
        assert after.revision == 0
        assert await other.position(CONTEST) == after

    async def test_a_write_notices_a_rolled_back_store(
        self, new_store: NewStore, any_redis: Redis
    ) -> None:
        """The write goes on from the state that is there, in a new epoch."""
        store = new_store()
        (old,) = await commit(store, add("ada", 5))
        await commit(store, add("ada", 5))
        await any_redis.hset(keys.meta(CONTEST), "revision", "1")
        await any_redis.delete(keys.log(CONTEST))

        (result,) = await commit(store, add("bo", 1))

        assert result.position.epoch != old.position.epoch
        assert result.position.revision == 2

    async def test_the_new_epoch_is_told_on_the_channel(
        self, new_store: NewStore, any_redis: Redis
    ) -> None:
        """Whoever listens hears of an epoch that a mere read began."""
        store = new_store()
        await commit(store, add("ada"))
        async with any_redis.pubsub() as pubsub:
            await pubsub.subscribe(keys.channel(CONTEST))
            await pubsub.get_message(timeout=5)
            await any_redis.flushall()
            now = await store.position(CONTEST)
            message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=5)

        assert message is not None
        assert now.epoch.encode() in message["data"]


class TestReads:
    """What is read back."""

    async def test_pages_go_on_where_the_one_before_ended(self, new_store: NewStore) -> None:
        """Ranks are consecutive, and past the last one there is nothing."""
        store = new_store()
        await commit(store, *(add(f"u{n}", 100 - n, display_name=f"U {n}") for n in range(25)))

        pages = [await store.top(CONTEST, start, 10) for start in (1, 11, 21, 31)]

        rows = [user for page in pages for user in page.users]
        assert rows == [RankedUser(f"u{n}", 100 - n, n + 1, f"U {n}") for n in range(25)]
        assert {page.total_users for page in pages} == {25}

    async def test_neighbors_end_where_the_board_ends(self, new_store: NewStore) -> None:
        """The best has nobody above, the last nobody below."""
        store = new_store()
        await commit(store, *(add(f"u{n}", 10 - n) for n in range(5)))

        around = [
            [user.rank for user in standing.neighbors]
            for n in (0, 2, 4)
            if (standing := (await rank(store, f"u{n}", 2))[1])
        ]

        assert around == [[2, 3], [1, 2, 4, 5], [3, 4]]

    async def test_an_absent_user_is_not_found(self, new_store: NewStore) -> None:
        """Neither in an unknown contest nor in a known one."""
        store = new_store()
        assert await rank(store, "ada") == (BEGINNING, None)
        await commit(store, add("bo"))
        position, standing = await rank(store, "ada")
        assert (position.revision, standing) == (1, None)

    async def test_users_are_read_together_best_first(self, new_store: NewStore) -> None:
        """Those without a score are left out."""
        store = new_store()
        await commit(store, add("a", 1), add("b", 3, display_name="B"), add("c", 2))

        page = await store.users(CONTEST, ["a", "nobody", "b"])

        assert page.users == (RankedUser("b", 3, 1, "B"), RankedUser("a", 1, 3, ""))
        assert page.total_users == 3

    async def test_the_log_is_trimmed_by_length(self, new_store: NewStore) -> None:
        """Old commits go, the newest stay."""
        store = new_store(history_changes=100)
        for _ in range(400):
            await commit(store, add("ada"), add("ada"))

        commits = (await store.history(CONTEST, 0, 1_000)).commits

        assert 50 <= len(commits) < 400
        assert commits[-1].revision == 800

    async def test_contests_are_kept_apart(self, new_store: NewStore) -> None:
        """The same user and request id in two contests are two things."""
        store = new_store()
        for contest in (CONTEST, "go"):
            update = ScoreUpdate(contest, "ada", 1, request_id="r")
            (outcome,) = (await store.commit(contest, (update,))).outcomes()
            assert isinstance(outcome, UpdateResult)
            assert outcome.position == Position(outcome.position.epoch, 1)
