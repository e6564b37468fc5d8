"""One connection with many calls under way: who gets which answer, and what ends it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, ResponseError
from redis.exceptions import TimeoutError as StoreTimeout

from harness.waiting import eventually
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage import pipelined_connection as module
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from leaderboard_server.storage.store import Retention, Store
from storage.scripted_store import ScriptedStore


@pytest_asyncio.fixture(name="scripted")
async def _scripted() -> AsyncIterator[ScriptedStore]:
    """Give a store that does what the test says."""
    async with ScriptedStore() as store:
        yield store


@pytest_asyncio.fixture(name="link")
async def _link(scripted: ScriptedStore) -> AsyncIterator[PipelinedConnection]:
    """Give a link to that store."""
    driver = connect(scripted.url)
    link = PipelinedConnection(driver)
    yield link
    await link.close()
    await driver.aclose()


async def begun(
    link: PipelinedConnection, scripted: ScriptedStore, *words: str
) -> list[asyncio.Task[Any]]:
    """Begin a call for each word, and wait until the store has them all."""
    due = len(scripted.commands) + len(words)
    calls = [asyncio.ensure_future(link.call("ECHO", word)) for word in words]
    await scripted.gets(due)
    return calls


async def within_reason(call: Awaitable[Any]) -> Any:
    """Wait for an answer, but not for ever."""
    async with asyncio.timeout(10):
        return await call


class TestAnswers:
    """Who gets which answer."""

    async def test_each_call_gets_its_own(
        self, link: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """In order, on one connection, though they come in pieces and all at once."""
        calls = await begun(link, scripted, "a", "b", "c", "d")
        scripted.answer(b"+a")
        assert await calls[0] == b"a"
        assert not calls[1].done()
        scripted.answer(b"$1\r\nb", b":3", b"*2\r\n:4\r\n$-1")
        assert await asyncio.gather(*calls[1:]) == [b"b", 3, [4, None]]
        assert scripted.commands == [[b"ECHO", word] for word in (b"a", b"b", b"c", b"d")]
        assert scripted.opened == 1

    async def test_a_refusal_is_for_its_caller_alone(
        self, link: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """The connection goes on for the others."""
        calls = await begun(link, scripted, "a", "b", "c", "d")
        scripted.answer(b"+a", b"-ERR no", b"-NOSCRIPT no such", b"+d")
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert (answers[0], answers[3]) == (b"a", b"d")
        assert isinstance(answers[2], NoScriptError)
        assert isinstance(answers[1], ResponseError)
        assert not isinstance(answers[1], NoScriptError)
        assert scripted.opened == 1

    async def test_the_answer_of_a_caller_that_went_away_goes_to_nobody(
        self, link: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """Neither an answer nor a refusal shifts those of the others."""
        calls = await begun(link, scripted, "a", "b", "c", "d")
        for gone in (calls[0], calls[2]):
            gone.cancel()
        await asyncio.wait([calls[0], calls[2]])
        scripted.answer(b"+a", b"+b", b"-ERR no", b"+d")
        assert [await calls[1], await calls[3]] == [b"b", b"d"]

    async def test_large_commands_arrive_in_order(
        self, link: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """Also where some are sent at once and others wait for the end of the turn."""
        sizes = [1, module.SEND_AT_ONCE, 2, 3, 2 * module.SEND_AT_ONCE, 4]
        calls = [asyncio.ensure_future(link.call("ECHO", "x" * size)) for size in sizes]
        for number, size in enumerate(sizes, 1):
            await scripted.gets(number)
            assert len(scripted.commands[number - 1][1]) == size
            scripted.answer(b":%d" % size)
        assert await within_reason(asyncio.gather(*calls)) == sizes


class TestLost:
    """What ends a connection, and what comes after it."""

    async def goes_on(
        self, link: PipelinedConnection, scripted: ScriptedStore, opened: int
    ) -> None:
        """Check that the next call opens another connection, and only that."""
        (call,) = await begun(link, scripted, "next")
        scripted.answer(b"+next")
        assert await within_reason(call) == b"next"
        assert scripted.opened == opened
        await eventually(lambda: scripted.connections == 1, "the lost connection is closed")

    async def test_a_call_whose_turn_comes_too_late_is_told(
        self, link: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """The connection may be lost between its opening and the turn of who waited for that."""
        (first,) = await begun(link, scripted, "first")
        wire = link._wire
        assert wire
        wire.lose(ConnectionLost("gone"))
        for call in (first, wire.call(("ECHO", "late"))):
            with pytest.raises(ConnectionLost):
                await within_reason(call)

    async def test_all_who_wait_are_told(
        self, link: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """A cut connection fails every call under way, and the next one opens anew."""
        calls = await begun(link, scripted, "a", "b", "c")
        calls[1].cancel()
        scripted.answer(b"+a")
        assert await calls[0] == b"a"
        scripted.hang_up()
        with pytest.raises(ConnectionLost):
            await within_reason(calls[2])
        await self.goes_on(link, scripted, opened=2)

    async def test_those_who_come_together_open_one(
        self, link: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """At the start and after a loss; one that goes away doesn't take it with it."""
        for opened in (1, 2):
            first = asyncio.ensure_future(link.call("ECHO", "gone"))
            others = [asyncio.ensure_future(link.call("ECHO", str(n))) for n in range(20)]
            await asyncio.sleep(0)
            first.cancel()
            await scripted.gets(20 * opened)
            scripted.answer(*(b":%d" % number for number in range(20)))
            assert await within_reason(asyncio.gather(*others)) == list(range(20))
            assert scripted.opened == opened
            scripted.hang_up()
            await eventually(lambda: link._wire is None or link._wire.lost, "the loss is noticed")

    async def test_an_overdue_answer_gives_the_link_up(
        self, link: PipelinedConnection, scripted: ScriptedStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Answers come in order, so all behind it are given up too; a late one goes to nobody."""
        monkeypatch.setattr(module, "ANSWER_S", 0.05)
        calls = await begun(link, scripted, "a", "b")
        answers = await within_reason(asyncio.gather(*calls, return_exceptions=True))
        assert [type(answer) for answer in answers] == [StoreTimeout, StoreTimeout]
        monkeypatch.setattr(module, "ANSWER_S", 10.0)
        await self.goes_on(link, scripted, opened=2)

    async def test_only_silence_is_overdue(
        self, link: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """However long a call waits behind others: each answer shows that the store works."""
        calls = await begun(link, scripted, "a", "b")
        wire = link._wire
        assert wire
        wire._heard_at -= 2 * module.ANSWER_S
        scripted.answer(b"+a")
        assert await within_reason(calls[0]) == b"a"
        wire._look()
        assert not wire.lost
        wire._heard_at -= 2 * module.ANSWER_S
        wire._look()
        assert not wire.lost, "an answer may lie in the socket where the loop was late"
        wire._look()
        with pytest.raises(StoreTimeout):
            await within_reason(calls[1])

    @pytest.mark.parametrize("refusal", ["READONLY", "LOADING", "MASTERDOWN"])
    async def test_a_store_that_takes_no_writes_is_left(
        self, link: PipelinedConnection, scripted: ScriptedStore, refusal: str
    ) -> None:
        """There may be another one by now, which only a new connection finds."""
        calls = await begun(link, scripted, "a", "b", "c")
        scripted.answer(b"+a", f"-{refusal} not here".encode(), b"+c")
        answers = await within_reason(asyncio.gather(*calls, return_exceptions=True))
        assert answers[0] == b"a"
        assert [type(answer) for answer in answers[1:]] == [ConnectionLost, ConnectionLost]
        await self.goes_on(link, scripted, opened=2)

    async def test_a_store_that_is_away_refuses_each_call(
        self, link: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """At once, and the call after it is back is answered."""
        assert scripted._server
        (call,) = await begun(link, scripted, "a")
        url = scripted.url
        port = int(url.rpartition(":")[2])
        scripted._server.close()
        scripted.hang_up()
        for lost in (call, link.call("ECHO", "b"), link.call("ECHO", "c")):
            with pytest.raises(ConnectionLost):
                await within_reason(lost)
        scripted._server = await asyncio.start_server(scripted._serve, "127.0.0.1", port)
        await self.goes_on(link, scripted, opened=2)

    async def test_closing_gives_up_what_is_under_way(
        self, link: PipelinedConnection, scripted: ScriptedStore
    ) -> None:
        """Who waits is told, and the connection is gone."""
        calls = await begun(link, scripted, "a", "b")
        await link.close()
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(answer) for answer in answers] == [ConnectionLost, ConnectionLost]
        await eventually(lambda: scripted.connections == 0, "the connection is closed")


class TestScripts:
    """Scripts that the store may not know."""

    async def test_a_script_that_is_not_known_is_sent(self, redis: Redis) -> None:
        """Reads and commits survive a store that forgot all scripts, and use their names after."""
        link = PipelinedConnection(redis)
        store = Store(link, link, Retention())
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
        await link.close()
