"""Reads of boards, ranks, the log and the position, on each kind of store."""

from functools import partial

import pytest
from redis.asyncio import Redis

from harness.seasons import end_season
from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult
from leaderboard_server.storage import keys
from storage.conftest import NewStore, NextMessage
from storage.contest import CONTEST, add, commit, rank


class TestEpochs:
    """A contest whose history was lost gets a new epoch."""

    async def test_each_contest_has_its_own_epoch(self, new_store: NewStore) -> None:
        """Two contests have two epochs, and an unknown contest has none."""
        store = new_store()
        assert await store.position("unknown") == BEGINNING
        await commit(store, add("ada"))
        await store.commit("go", (ScoreUpdate("go", "ada", 1),))

        assert (await store.position(CONTEST)).epoch != (await store.position("go")).epoch

    async def test_read_of_an_emptied_store_begins_nothing(
        self, new_store: NewStore, any_redis: Redis
    ) -> None:
        """The contest is gone, whatever a server has seen of it, until a write begins it again."""
        store = new_store()
        (before,) = await commit(store, add("ada"))
        await any_redis.flushall()

        assert await store.position(CONTEST) == BEGINNING
        assert (await store.top(CONTEST, 1, 10)).position == BEGINNING
        assert store.latest(CONTEST) == BEGINNING
        assert await any_redis.keys() == []

        (after,) = await commit(store, add("ada"))
        assert after.position.epoch != before.position.epoch

    async def test_read_detects_a_rolled_back_store(
        self, new_store: NewStore, any_redis: Redis
    ) -> None:
        """A server that has seen a later position begins a new epoch, and others adopt it."""
        store, other = new_store(), new_store()
        await commit(store, add("ada"))
        (old,) = await commit(store, add("ada"))
        await any_redis.hset(keys.meta(CONTEST), "revision", "1")

        after = await store.position(CONTEST)

        assert after.epoch not in ("", old.position.epoch)
        assert await other.position(CONTEST) == after

    @pytest.mark.parametrize("season", [1, 2])
    async def test_season_that_was_over_is_detected(
        self, new_store: NewStore, any_redis: Redis, season: int
    ) -> None:
        """A store that is back in a season of before gets a new epoch, by a read or by a write."""
        reader, writer, other = new_store(), new_store(), new_store()
        for _ in range(1, season):
            await commit(writer, add("ada"))
            await end_season(writer, CONTEST)
        await commit(writer, add("ada"))
        backup = {key: await any_redis.dump(key) or b"" for key in await any_redis.keys()}
        (lost,) = await commit(writer, add("bo"))
        await end_season(writer, CONTEST)
        await commit(writer, add("cy"))

        epochs = {lost.position.epoch}
        for use in (partial(reader.top, CONTEST, 1, 10), partial(commit, writer, add("dee"))):
            await reader.position(CONTEST)
            await any_redis.flushall()
            for key, value in backup.items():
                await any_redis.restore(key, 0, value)
            await use()
            position = await other.position(CONTEST)
            assert position.season == season
            epochs.add(position.epoch)
            await end_season(other, CONTEST)

        assert len(epochs) == 3

    @pytest.mark.parametrize("seasons", [1, 2])
    async def test_contest_that_began_again_is_no_season_of_before(
        self, new_store: NewStore, seasons: int
    ) -> None:
        """A server that has seen later seasons of the deleted one reaches what others wrote."""
        writer, reader = new_store(), new_store()
        for _ in range(3):
            await commit(writer, add("ada"))
            await end_season(writer, CONTEST)
        assert (await reader.position(CONTEST)).season == 4

        await writer.contests.delete(CONTEST, "")
        for _ in range(1, seasons):
            await commit(writer, add("ada"))
            await end_season(writer, CONTEST)
        (written,) = await commit(writer, add("bo"))

        assert (await reader.position(CONTEST)).reaches(written.position)

    async def test_write_detects_a_rolled_back_store(
        self, new_store: NewStore, any_redis: Redis
    ) -> None:
        """The write continues from the state of the store, in a new epoch."""
        store = new_store()
        (old,) = await commit(store, add("ada", 5))
        await commit(store, add("ada", 5))
        await any_redis.hset(keys.meta(CONTEST), "revision", "1")
        await any_redis.delete(keys.log(CONTEST))

        (result,) = await commit(store, add("bo", 1))

        assert result.position.epoch != old.position.epoch
        assert result.position.revision == 2

    async def test_new_epoch_is_published(
        self, new_store: NewStore, any_redis: Redis, next_message: NextMessage
    ) -> None:
        """Subscribers of the channel receive an epoch that a read began."""
        store = new_store()
        await commit(store, add("ada"))
        await next_message()
        await any_redis.hset(keys.meta(CONTEST), "revision", "0")
        now = await store.position(CONTEST)

        assert now.epoch.encode() in await next_message()

    async def test_observers_are_called_for_each_new_epoch(
        self, new_store: NewStore, any_redis: Redis
    ) -> None:
        """Observers get the contest once for each of its epochs."""
        store = new_store()
        changed: list[str] = []
        store.add_epoch_observer(changed.append)
        for _ in range(2):
            await commit(store, add("ada"))
            await store.position(CONTEST)
        assert changed == [CONTEST]
        await any_redis.flushall()

        for _ in range(2):
            await store.position(CONTEST)

        assert changed == [CONTEST] * 2

    @pytest.mark.parametrize(
        ("begun_by", "revision"), [("read", 1), ("commit", 1), ("commit", None)]
    )
    async def test_epoch_goes_on_after_the_log_that_it_finds(
        self, new_store: NewStore, any_redis: Redis, begun_by: str, revision: int | None
    ) -> None:
        """Its revisions are beyond the log's ids, and of the log only its own entries stay."""
        store = new_store()
        for _ in range(5):
            (old,) = await commit(store, add("ada"))
        await any_redis.hset(keys.meta(CONTEST), "revision", str(revision or 0))
        if revision is None:
            await any_redis.delete(keys.meta(CONTEST))

        if begun_by == "read":
            assert (await store.position(CONTEST)).revision == 6
        for _ in range(3):
            (new,) = await commit(store, add("ada"))

        assert new.position.epoch != old.position.epoch
        assert new.position.revision == 9
        commits = (await new_store().history(CONTEST, 0, 100)).commits
        assert [logged.revision for logged in commits] == [6, 7, 8, 9]
        assert {logged.epoch for logged in commits} == {new.position.epoch}
        assert commits[0].changes == ()

    async def test_epoch_that_was_ended_is_known_at_once(self, new_store: NewStore) -> None:
        """The position of the new one is returned and tracked, and observers are called once."""
        store = new_store()
        (old,) = await commit(store, add("ada"))
        changed: list[str] = []
        store.add_epoch_observer(changed.append)

        new = await store.end_epoch(CONTEST, old.position.epoch)

        assert new.epoch != old.position.epoch
        assert store.latest(CONTEST) == new
        assert await store.end_epoch(CONTEST, old.position.epoch) == new
        assert await new_store().position(CONTEST) == new
        assert changed == [CONTEST]


class TestReads:
    """Boards, ranks and the log."""

    async def test_pages_are_consecutive(self, new_store: NewStore) -> None:
        """Each page continues the one before, and past the last rank there are no rows."""
        store = new_store()
        await commit(store, *(add(f"u{n}", 100 - n, display_name=f"U {n}") for n in range(25)))

        pages = [await store.top(CONTEST, start, 10) for start in (1, 11, 21, 31)]

        rows = [user for page in pages for user in page.users]
        assert rows == [RankedUser(f"u{n}", 100 - n, n + 1, f"U {n}", n + 1) for n in range(25)]
        assert {page.total_users for page in pages} == {25}

    async def test_neighbors_end_where_the_board_ends(self, new_store: NewStore) -> None:
        """The best user has no neighbors above, the last user has none below."""
        store = new_store()
        await commit(store, *(add(f"u{n}", 10 - n) for n in range(5)))

        around = [
            [user.rank for user in standing.neighbors]
            for n in (0, 2, 4)
            if (standing := (await rank(store, f"u{n}", 2))[1])
        ]

        assert around == [[2, 3], [1, 2, 4, 5], [3, 4]]

    async def test_absent_user_is_not_found(self, new_store: NewStore) -> None:
        """A user without a score is not found, in an unknown and in a known contest."""
        store = new_store()
        assert await rank(store, "ada") == (BEGINNING, None)
        await commit(store, add("bo"))
        position, standing = await rank(store, "ada")
        assert (position.revision, standing) == (1, None)

    async def test_users_are_read_together_best_first(self, new_store: NewStore) -> None:
        """Users without a score are left out."""
        store = new_store()
        await commit(store, add("a", 1), add("b", 3, display_name="B"), add("c", 2))

        page = await store.users(CONTEST, ["a", "nobody", "b"])

        assert page.users == (RankedUser("b", 3, 1, "B", 1), RankedUser("a", 1, 3, "", 3))
        assert page.total_users == 3

    async def test_log_is_trimmed_by_length(self, new_store: NewStore) -> None:
        """Old commits are trimmed, the newest stay."""
        store = new_store(history_changes=100)
        for _ in range(400):
            await commit(store, add("ada"), add("ada"))

        commits = (await store.history(CONTEST, 0, 1_000)).commits

        assert 50 <= len(commits) < 400
        assert commits[-1].revision == 800

    async def test_contests_are_independent(self, new_store: NewStore) -> None:
        """The same user and request id in two contests are two users and two requests."""
        store = new_store()
        for contest in (CONTEST, "go"):
            update = ScoreUpdate(contest, "ada", 1, request_id="r")
            (outcome,) = (await store.commit(contest, (update,))).outcomes()
            assert isinstance(outcome, UpdateResult)
            assert outcome.position == Position(outcome.position.epoch, 1)
