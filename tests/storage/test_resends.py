"""Calls that are sent again after their connection broke; the store may be another one by then."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, ResponseError
from redis.exceptions import TimeoutError as StoreTimeout

from harness.store_connection import CallingConnection
from harness.uncounted import store_instruments
from leaderboard_server.domain.errors import StoreCause, StoreFull, StoreUnavailable
from leaderboard_server.storage import keys
from leaderboard_server.storage.resp_protocol import Argument
from leaderboard_server.storage.store import Retention, Store
from leaderboard_server.storage.store_connection import StoreConnection
from storage.conftest import NewStore
from storage.contest import CONTEST, add, commit, ids, score

_FULL = ResponseError("OOM command not allowed when used memory > 'maxmemory'.")

Serve: TypeAlias = Callable[[], Awaitable[Any]]
Fault: TypeAlias = Callable[[Serve], Awaitable[Any]]
"""Comes in place of a call; may have the store serve it."""


class FaultyConnection(CallingConnection):
    """A connection whose next calls have faults.

    Attributes:
        faults: The faults of the next calls.
        sent: The number of calls.
    """

    def __init__(self, connection: StoreConnection) -> None:
        super().__init__()
        self.faults: list[Fault] = []
        self.sent = 0
        self._connection = connection

    async def call(self, *command: Argument) -> Any:
        """See `PipelinedConnection.call`."""
        self.sent += 1

        async def serve() -> Any:
            return await self._connection.call(*command)

        return await (self.faults.pop(0)(serve) if self.faults else serve())


def fails_with(error: Exception) -> Fault:
    """Return a fault: the call fails with an error, and the store does not serve it."""

    async def fail(_: Serve) -> None:
        raise error

    return fail


@pytest.fixture(name="faulty")
def _faulty(new_connection: Callable[[], StoreConnection]) -> FaultyConnection:
    """Return a connection that can be broken."""
    return FaultyConnection(new_connection())


@pytest_asyncio.fixture(name="server")
async def _server(faulty: FaultyConnection, any_redis: Redis) -> Store:
    """Return the store of a server, all of whose calls take that connection; scripts are known."""
    server = Store(faulty, faulty, Retention(), store_instruments())
    await commit(server, add("ada"))
    await ids(server)
    await any_redis.flushall()
    server = Store(faulty, faulty, Retention(), store_instruments())
    await server.registry.register(CONTEST)
    faulty.sent = 0
    return server


async def copied(redis: Redis) -> Callable[[], Awaitable[None]]:
    """Copy the contest, and return a function that moves it back to the copy."""
    dumps = {name: dump for name in keys.of_contest(CONTEST) if (dump := await redis.dump(name))}

    async def move_back() -> None:
        for name, dump in dumps.items():
            await redis.restore(name, 0, dump, replace=True)

    return move_back


class TestStoreMovedBack:
    """A store that goes back while a call is in flight, as by a failover to a late replica."""

    @pytest.mark.parametrize("losses", [1, 2])
    async def test_no_revision_is_given_twice(
        self,
        server: Store,
        faulty: FaultyConnection,
        new_store: NewStore,
        any_redis: Redis,
        losses: int,
    ) -> None:
        """A commit that is sent again begins an epoch, if commits seen meanwhile are gone."""
        (first,) = await commit(server, add("ada"))
        move_back = await copied(any_redis)

        async def fail_over(_: Serve) -> None:
            (lost,) = await commit(new_store(), add("bo"))
            server.observe_commit(CONTEST, lost.position)  # by the feed
            await move_back()
            raise ConnectionLost

        faulty.faults = [*[fails_with(ConnectionLost())] * (losses - 1), fail_over]
        (result,) = await commit(server, add("cy"))

        assert result.position.epoch != first.position.epoch
        assert await ids(server) == ["ada", "cy"]

    async def test_no_read_goes_back(
        self, server: Store, faulty: FaultyConnection, new_store: NewStore, any_redis: Redis
    ) -> None:
        """A read that is sent again begins an epoch, if commits seen meanwhile are gone."""
        (first,) = await commit(server, add("ada"))
        move_back = await copied(any_redis)

        async def fail_over(_: Serve) -> None:
            (lost,) = await commit(new_store(), add("bo"))
            server.observe_commit(CONTEST, lost.position)
            await move_back()
            raise ConnectionLost

        faulty.faults = [fail_over]
        page = await server.top(CONTEST, 1, 10)

        assert page.position.epoch != first.position.epoch
        assert page.position.reaches(await server.position(CONTEST))

    async def test_no_epoch_has_two_histories(
        self, server: Store, faulty: FaultyConnection, new_store: NewStore, any_redis: Redis
    ) -> None:
        """A commit that is sent again begins another epoch than the one that was lost with it."""
        epochs = []

        async def lose(serve: Serve) -> None:
            await serve()
            epochs.append((await new_store().position(CONTEST)).epoch)
            await any_redis.flushall()
            raise ConnectionLost

        faulty.faults = [lose, lose]
        (result,) = await commit(server, add("ada"))
        epochs.append(result.position.epoch)

        assert len(set(epochs)) == 3


class StaleConnection(CallingConnection):
    """A connection to a former master that stays behind: its history is always the lost one."""

    async def call(self, *_command: Argument) -> None:
        """See `PipelinedConnection.call`."""


async def test_reads_end_where_their_connection_leads_to_a_store_that_stays_behind(
    new_connection: Callable[[], StoreConnection],
) -> None:
    """Where no epoch has to begin, a read is served by the store that commits go to."""
    server = Store(new_connection(), StaleConnection(), Retention(), store_instruments())
    (first,) = await commit(server, add("ada"))

    async with asyncio.timeout(10):
        page = await server.top(CONTEST, 1, 10)

    assert page.position == first.position
    assert [user.user_id for user in page.users] == ["ada"]


class TestAttempts:
    """The number of times that a call is sent, and the error of the last one."""

    async def test_commit_counts_once_when_two_replies_are_lost(
        self, server: Store, faulty: FaultyConnection
    ) -> None:
        """The second resend too gets the first reply."""

        async def lose(serve: Serve) -> None:
            await serve()
            raise ConnectionLost

        faulty.faults = [lose, lose]
        (result,) = await commit(server, add("ada", 5))

        assert (result.user.score, result.previous_score, result.applied) == (5, 0, True)
        assert await score(server, "ada") == 5

    async def test_call_is_sent_three_times_at_most(
        self, server: Store, faulty: FaultyConnection
    ) -> None:
        """After the second resend the caller gets the error; the next call is sent again."""
        faulty.faults = [fails_with(ConnectionLost())] * 3
        with pytest.raises(StoreUnavailable) as failed:
            await server.position(CONTEST)
        assert failed.value.cause is StoreCause.UNREACHABLE
        assert faulty.sent == 3

        await server.position(CONTEST)

    async def test_call_without_a_reply_in_time_is_not_sent_again(
        self, server: Store, faulty: FaultyConnection
    ) -> None:
        """A store that hangs would only get more to do."""
        faulty.faults = [fails_with(StoreTimeout())]
        with pytest.raises(StoreUnavailable) as failed:
            await server.commit(CONTEST, (add("ada"),))
        assert (failed.value.cause, faulty.sent) == (StoreCause.TIMEOUT, 1)

    async def test_refusal_of_a_resend_leaves_open_whether_it_was_applied(
        self, server: Store, faulty: FaultyConnection
    ) -> None:
        """A full store is STORE_FULL, nothing written, only for a commit that was sent once."""
        faulty.faults = [fails_with(_FULL)]
        with pytest.raises(StoreFull):
            await server.commit(CONTEST, (add("ada"),))

        async def lose(serve: Serve) -> None:
            await serve()
            raise ConnectionLost

        for faults in ([lose, fails_with(_FULL)], [lose, lose, fails_with(_FULL)]):
            await server.registry.register(CONTEST)  # else it is the first call of the commit
            faulty.faults = list(faults)
            with pytest.raises(StoreUnavailable):
                await server.commit(CONTEST, (add("ada"),))
        assert await score(server, "ada") == 2


class TestDefects:
    """Errors that no store explains end the call all the same."""

    @pytest.mark.parametrize("fault", [ConnectionLost(), NoScriptError()], ids=repr)
    async def test_error_of_a_resend_reaches_the_caller(
        self, server: Store, faulty: FaultyConnection, fault: Exception
    ) -> None:
        """An unexpected error of a call that is sent again is the error of its caller."""
        faulty.faults = [fails_with(fault), fails_with(ZeroDivisionError("a defect"))]
        async with asyncio.timeout(10):
            with pytest.raises(ZeroDivisionError):
                await server.commit(CONTEST, (add("ada"),))

    async def test_error_of_beginning_an_epoch_reaches_the_reader(
        self, faulty: FaultyConnection
    ) -> None:
        """A read that needs an epoch ends with the error of the script that begins one."""
        server = Store(faulty, StaleConnection(), Retention(), store_instruments())

        async def reply_unreadably(_: Serve) -> str:
            return "nothing that a script returns"

        async def reply(serve: Serve) -> Any:
            return await serve()

        await server.registry.register(CONTEST)
        faulty.faults = [reply, reply_unreadably]
        async with asyncio.timeout(10):
            with pytest.raises(AttributeError):
                await server.position(CONTEST)
