"""Promise 1, exactly-once writes: a write takes effect once, however often it is sent."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import ResponseError

from harness.store_connection import CallingConnection
from harness.stores import StoreProcess
from harness.uncounted import store_instruments
from leaderboard_server.domain.errors import (
    RequestIdReused,
    ScoreOutOfRange,
    StoreUnavailable,
)
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.rules import MAX_SCORE, UpdateMode
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage import keys, scripts
from leaderboard_server.storage.codec import decode_reply
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from leaderboard_server.storage.resp_protocol import Argument
from leaderboard_server.storage.store import Retention, Store
from leaderboard_server.storage.store_connection import StoreConnection
from storage.conftest import AnyStore, NewStore
from storage.contest import CONTEST, add, commit, ids, score


class RecordingConnection(CallingConnection):
    """A connection that records commands, so that a test can send one again.

    Attributes:
        commands: All commands, in order.
        broken: Whether commands are lost on their way to the store.
    """

    def __init__(self, connection: StoreConnection) -> None:
        super().__init__()
        self.commands: list[tuple[Argument, ...]] = []
        self.broken = False
        self._connection = connection

    @property
    def last_commit(self) -> tuple[Argument, ...]:
        """The last command that runs the commit script."""
        known_by = {scripts.COMMIT.sha, scripts.COMMIT.source}
        return next(command for command in reversed(self.commands) if command[1] in known_by)

    async def call(self, *command: Argument) -> Any:
        """See `PipelinedConnection.call`."""
        self.commands.append(command)
        if self.broken:
            raise ConnectionLost
        return await self._connection.call(*command)


@pytest.fixture(name="connection")
def _connection(new_connection: Callable[[], StoreConnection]) -> RecordingConnection:
    """Return a connection that records commands."""
    return RecordingConnection(new_connection())


@pytest.fixture(name="recorded_store")
def _recorded_store(connection: RecordingConnection) -> Store:
    """Return a store whose commands are recorded."""
    return Store(connection, connection, Retention(), store_instruments())


class TestRequestIds:
    """Writes with a request id."""

    async def test_repeated_request_id_gets_the_first_answer(self, new_store: NewStore) -> None:
        """The answer has the first numbers after others moved the user, and the present name."""
        store = new_store()
        (first,) = await commit(store, add("ada", 5, request_id="r1", display_name="Ada"))
        await commit(store, add("bo", 9), add("ada", 1, display_name="Countess"))

        (again,) = await commit(new_store(), add("ada", 5, request_id="r1", display_name="Ada"))

        user = first.user._replace(display_name="Countess")
        assert again == first._replace(user=user, replayed=True)
        assert await score(store, "ada") == 6

    @pytest.mark.parametrize("name", ["", "Ada", "007 Bond", "1 2", "-5"])
    async def test_answer_that_an_earlier_version_kept_is_read(
        self, new_store: NewStore, any_redis: Redis, name: str
    ) -> None:
        """Earlier versions kept the name of then behind the numbers, whatever it begins with."""
        now = time.time()
        bucket = keys.requests(CONTEST, int(now) // 100)
        store = new_store(clock=lambda: now, requests_s=100)
        update = add("ada", 5, request_id="r", display_name=name)
        (first,) = await commit(store, update)
        kept = await any_redis.hget(bucket, "r")
        assert isinstance(kept, bytes)
        await any_redis.hset(bucket, "r", f"{kept.decode()} {name}")

        (again,) = await commit(store, update)

        assert again == first._replace(replayed=True)

    async def test_request_id_with_another_payload_is_rejected(self, new_store: NewStore) -> None:
        """A difference in any field of the payload is rejected, and nothing is written."""
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

    async def test_repeat_within_one_commit_counts_once(self, new_store: NewStore) -> None:
        """The second of two equal updates in a batch is a replay of the first."""
        first, second = await commit(
            new_store(), add("ada", 5, request_id="r"), add("ada", 5, request_id="r")
        )

        assert second == first._replace(replayed=True)

    async def test_rejected_update_is_not_remembered(self, new_store: NewStore) -> None:
        """The request id of an update that was rejected for its score can be used again."""
        store = new_store()
        await commit(store, add("ada", MAX_SCORE))
        await store.commit(CONTEST, (add("ada", 1, request_id="r"),))
        await commit(store, add("ada", -5))

        (result,) = await commit(store, add("ada", 1, request_id="r"))

        assert result.user.score == MAX_SCORE - 4
        assert not result.replayed


class TestRequestBuckets:
    """The time for which request ids are remembered."""

    async def test_request_id_outlives_its_bucket(self, new_store: NewStore) -> None:
        """An id that is written at the end of one bucket is known until the next one ends."""
        now = [time.time() // 100 * 100 + 99]
        store = new_store(clock=lambda: now[0], requests_s=100)
        await commit(store, add("ada", 5, request_id="r"))

        now[0] += 100

        (again,) = await commit(store, add("ada", 5, request_id="r"))
        assert again.replayed

    async def test_servers_with_different_clocks_share_request_ids(
        self, new_store: NewStore
    ) -> None:
        """Servers find each other's ids at the edge of a bucket too, whichever clock is ahead."""
        edge = time.time() // 100 * 100 + 100
        slow = new_store(clock=lambda: edge - 1, requests_s=100)
        fast = new_store(clock=lambda: edge + 1, requests_s=100)
        for request_id, first, then in (("r", slow, fast), ("s", fast, slow)):
            await commit(first, add("ada", 5, request_id=request_id))

            (again,) = await commit(then, add("ada", 5, request_id=request_id))

            assert again.replayed

    async def test_request_bucket_expires_as_a_whole(
        self, new_store: NewStore, any_redis: Redis
    ) -> None:
        """A bucket and all its request ids expire at the end of the next bucket."""
        await commit(new_store(requests_s=100), add("ada", 5, request_id="r"))

        (name,) = [key async for key in any_redis.scan_iter("*:requests:*")]

        assert 100 <= await any_redis.ttl(name) <= 200


class TestResends:
    """Commits that a server sends again."""

    async def test_resent_commit_gets_the_stored_reply(
        self, recorded_store: Store, connection: RecordingConnection
    ) -> None:
        """A repeated sequence number of a server gets the stored reply and is not applied again."""
        updates = (add("ada", 5), add("bo", MAX_SCORE), add("bo", 1))

        first = await recorded_store.commit(CONTEST, updates)
        reply = await connection.call(*connection.last_commit)
        again = decode_reply(CONTEST, updates, reply)

        assert again.commit() == first.commit()
        assert again.outcomes()[:2] == first.outcomes()[:2]
        assert isinstance(again.outcomes()[2], ScoreOutOfRange)
        assert (await recorded_store.position(CONTEST)).revision == 2

    async def test_commit_that_arrives_too_late_is_rejected(
        self, recorded_store: Store, connection: RecordingConnection
    ) -> None:
        """A commit that arrives after a later commit of the same server is rejected as stale."""
        await recorded_store.registry.register(CONTEST)
        connection.broken = True
        with pytest.raises(StoreUnavailable):
            await recorded_store.commit(CONTEST, (add("ada", 5),))
        late = connection.last_commit
        connection.broken = False
        await commit(recorded_store, add("ada", 5))

        with pytest.raises(ResponseError, match="STALE"):
            await connection.call(*late)

        assert await score(recorded_store, "ada") == 5

    @pytest.mark.parametrize("removal", ["remove", "erase"])
    async def test_commit_is_not_applied_again_after_a_removal(
        self, recorded_store: Store, connection: RecordingConnection, removal: str
    ) -> None:
        """A commit that is sent again after its reply was removed is rejected as stale."""
        await commit(recorded_store, add("ada", 5), add("bo", 1))
        sent = connection.last_commit
        if removal == "remove":
            await recorded_store.moderation.remove(CONTEST, ("ada",))
        else:
            await recorded_store.moderation.erase(CONTEST, "ada")

        with pytest.raises(ResponseError, match="STALE"):
            await connection.call(*sent)

        assert await ids(recorded_store) == ["bo"]

    async def test_unknown_script_is_sent_in_full(self, redis: Redis) -> None:
        """After the store lost all scripts, calls send the source once, and then the hash."""
        connection = PipelinedConnection(redis)
        store = Store(connection, connection, Retention(), store_instruments())
        for revision in (1, 2):
            await redis.script_flush()
            reply = await store.commit("cup", [ScoreUpdate("cup", "ada", 1)])
            assert reply.position.revision == revision
            assert await store.position("cup") == reply.position
        called = await redis.info("commandstats")
        again = await store.position("cup")
        after = await redis.info("commandstats")
        assert again == Position(reply.position.epoch, 2)
        assert after["cmdstat_eval"]["calls"] == called["cmdstat_eval"]["calls"]
        await connection.close()

    async def test_write_that_cannot_be_published_counts_once(
        self, new_store: NewStore, any_redis: Redis, any_store: AnyStore
    ) -> None:
        """By default an access list lets a store user write but not publish.

        The write is acknowledged and remembered; other servers detect the missed message.
        """
        if not isinstance(any_store, StoreProcess):
            return  # fakeredis has no access lists; those of a cluster's nodes are the same
        await any_redis.acl_setuser(
            "mute", enabled=True, nopass=True, keys=["*"], commands=["+@all"], reset=True
        )
        mute = connect(f"redis://mute:x@127.0.0.1:{any_store.port}")
        connection = PipelinedConnection(mute)
        store = Store(connection, connection, Retention(), store_instruments())

        (first,) = await commit(store, add("ada", 5, request_id="r"))
        (again,) = await commit(store, add("ada", 5, request_id="r"))

        assert again == first._replace(replayed=True)
        assert await score(store, "ada") == 5
        await connection.close()
        await mute.aclose()
