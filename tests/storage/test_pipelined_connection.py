"""A pipelined connection: replies to many calls in flight, loss and reopening."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, ResponseError
from redis.exceptions import TimeoutError as StoreTimeout

from harness.waiting import eventually
from leaderboard_server.storage import resp_protocol as module
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from storage.scripted_store import ScriptedStore, in_time, started


@pytest_asyncio.fixture(name="connection")
async def _connection(driver: Redis) -> AsyncIterator[PipelinedConnection]:
    """Yield a connection to that store."""
    connection = PipelinedConnection(driver)
    yield connection
    await connection.close()


class TestReplies:
    """Each reply goes to its own call."""

    async def test_each_call_gets_its_own(
        self, connection: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """Replies match their calls, whether they arrive in pieces or all at once."""
        calls = await started(connection, scripted, "a", "b", "c", "d")
        scripted.reply(b"+a")
        assert await calls[0] == b"a"
        assert not calls[1].done()
        scripted.reply(b"$1\r\nb", b":3", b"*2\r\n:4\r\n$-1")
        assert await asyncio.gather(*calls[1:]) == [b"b", 3, [4, None]]
        assert scripted.commands == [[b"ECHO", word] for word in (b"a", b"b", b"c", b"d")]
        assert scripted.opened == 1

    async def test_error_reply_fails_its_own_call_alone(
        self, connection: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """The connection stays open for the others."""
        calls = await started(connection, scripted, "a", "b", "c", "d")
        scripted.reply(b"+a", b"-ERR no", b"-NOSCRIPT no such", b"+d")
        replies = await asyncio.gather(*calls, return_exceptions=True)
        assert (replies[0], replies[3]) == (b"a", b"d")
        assert isinstance(replies[2], NoScriptError)
        assert isinstance(replies[1], ResponseError)
        assert not isinstance(replies[1], NoScriptError)
        assert scripted.opened == 1

    async def test_reply_to_a_cancelled_call_is_dropped(
        self, connection: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """Neither a result nor an error of a cancelled call shifts the replies of the others."""
        calls = await started(connection, scripted, "a", "b", "c", "d")
        for cancelled in (calls[0], calls[2]):
            cancelled.cancel()
        await asyncio.wait([calls[0], calls[2]])
        scripted.reply(b"+a", b"+b", b"-ERR no", b"+d")
        assert [await calls[1], await calls[3]] == [b"b", b"d"]

    async def test_command_that_cannot_be_encoded_shifts_no_reply(
        self, connection: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """It fails its own call, and the others get their replies."""
        calls = await started(connection, scripted, "a")
        with pytest.raises(UnicodeEncodeError):
            await connection.call("ECHO", "\ud800")
        calls += await started(connection, scripted, "b")
        scripted.reply(b"+a", b"+b")
        assert await in_time(asyncio.gather(*calls)) == [b"a", b"b"]

    async def test_large_commands_arrive_in_order(
        self, connection: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """Commands keep their order, though large ones are sent before the end of a loop turn."""
        sizes = [1, module.FLUSH_BYTES, 2, 3, 2 * module.FLUSH_BYTES, 4]
        calls = [asyncio.ensure_future(connection.call("ECHO", "x" * size)) for size in sizes]
        for number, size in enumerate(sizes, 1):
            await scripted.received(number)
            assert len(scripted.commands[number - 1][1]) == size
            scripted.reply(b":%d" % size)
        assert await in_time(asyncio.gather(*calls)) == sizes


class TestLoss:
    """Losing the connection, and opening the next one."""

    async def recovers(
        self, connection: PipelinedConnection, scripted: ScriptedStore, opened: int
    ) -> None:
        """Check that the next call opens exactly one connection."""
        (call,) = await started(connection, scripted, "next")
        scripted.reply(b"+next")
        assert await in_time(call) == b"next"
        assert scripted.opened == opened
        await eventually(lambda: scripted.connections == 1, "the lost connection is closed")

    async def test_call_on_a_connection_lost_right_after_opening_fails(
        self, connection: PipelinedConnection, driver: Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A connection that is lost before the waiting call is sent fails that call."""
        pool: Any = driver.connection_pool  # the driver leaves its methods without types
        make_connection = pool.make_connection

        def make_short_lived_connection() -> Any:
            made = make_connection()
            connect = made.connect

            async def connect_and_abort() -> None:
                await connect()
                made._writer.transport.abort()  # noqa: SLF001 - of the driver

            made.connect = connect_and_abort
            return made

        monkeypatch.setattr(pool, "make_connection", make_short_lived_connection)
        with pytest.raises(ConnectionLost, match="was lost"):
            await in_time(connection.call("ECHO", "a"))

    async def test_all_calls_in_flight_fail(
        self, connection: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """A lost connection fails every call in flight, and the next call opens another one."""
        calls = await started(connection, scripted, "a", "b", "c")
        calls[1].cancel()
        scripted.reply(b"+a")
        assert await calls[0] == b"a"
        scripted.hang_up()
        with pytest.raises(ConnectionLost):
            await in_time(calls[2])
        await self.recovers(connection, scripted, opened=2)

    async def test_concurrent_calls_open_one_connection(
        self, connection: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """At the start and after a loss, calls share one opening, even if one is cancelled."""
        for opened in (1, 2):
            first = asyncio.ensure_future(connection.call("ECHO", "cancelled"))
            others = [asyncio.ensure_future(connection.call("ECHO", str(n))) for n in range(20)]
            await asyncio.sleep(0)
            first.cancel()
            due = 20 * opened + opened - 1
            await scripted.received(due)
            scripted.reply(*(b":%d" % number for number in range(20)))
            assert await in_time(asyncio.gather(*others)) == list(range(20))
            assert scripted.opened == opened
            (lost,) = await started(connection, scripted, "lost")
            scripted.hang_up()
            with pytest.raises(ConnectionLost):
                await in_time(lost)

    async def test_overdue_reply_drops_the_connection(
        self,
        connection: PipelinedConnection,
        scripted: ScriptedStore,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """All calls behind an overdue reply fail too, and a late reply is dropped."""
        loop = asyncio.get_running_loop()
        clock, skipped_s = loop.time, 0.0
        monkeypatch.setattr(loop, "time", lambda: clock() + skipped_s)
        calls = await started(connection, scripted, "a", "b")
        skipped_s += 2 * module.REPLY_TIMEOUT_S
        replies = await in_time(asyncio.gather(*calls, return_exceptions=True))
        assert [type(reply) for reply in replies] == [StoreTimeout, StoreTimeout]
        await self.recovers(connection, scripted, opened=2)

    async def test_only_silence_times_out(
        self,
        connection: PipelinedConnection,
        scripted: ScriptedStore,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """A call may wait long behind others, as long as replies keep arriving."""
        loop = asyncio.get_running_loop()
        clock, skipped_s = loop.time, 0.0
        monkeypatch.setattr(loop, "time", lambda: clock() + skipped_s)
        calls = await started(connection, scripted, "a", "b", "c")
        for call, reply in zip(calls[:2], (b"a", b"b"), strict=True):
            for skip_s in (0.7 * module.REPLY_TIMEOUT_S, module.READ_GRACE_S):
                skipped_s += skip_s
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            scripted.reply(b"+" + reply)
            assert await in_time(call) == reply

        skipped_s += 2 * module.REPLY_TIMEOUT_S
        await asyncio.sleep(0)  # the timer fires, as if the loop had been blocked
        await asyncio.sleep(0)
        scripted.reply(b"+c")
        assert await in_time(calls[2]) == b"c", "a reply may be in the socket if the loop was late"

        (silent,) = await started(connection, scripted, "d")
        skipped_s += 2 * module.REPLY_TIMEOUT_S
        with pytest.raises(StoreTimeout):
            await in_time(silent)

    @pytest.mark.parametrize("error", ["READONLY", "LOADING", "MASTERDOWN"])
    async def test_store_that_takes_no_writes_loses_its_connection(
        self, connection: PipelinedConnection, scripted: ScriptedStore, error: str
    ) -> None:
        """The connection is closed, because a new one may find another master."""
        calls = await started(connection, scripted, "a", "b", "c")
        scripted.reply(b"+a", f"-{error} not here".encode(), b"+c")
        replies = await in_time(asyncio.gather(*calls, return_exceptions=True))
        assert replies[0] == b"a"
        assert [type(reply) for reply in replies[1:]] == [ConnectionLost, ConnectionLost]
        await self.recovers(connection, scripted, opened=2)

    async def test_unreachable_store_fails_each_call(
        self, connection: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """Calls fail at once, and succeed after the store has returned."""
        (call,) = await started(connection, scripted, "a")
        scripted.refuse()
        scripted.hang_up()
        for lost in (call, connection.call("ECHO", "b"), connection.call("ECHO", "c")):
            with pytest.raises(ConnectionLost):
                await in_time(lost)
        await scripted.accept()
        await self.recovers(connection, scripted, opened=2)
