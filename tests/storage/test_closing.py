"""Closes pipelined connections: in use, while they open, and before they are called."""

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as ConnectionLost

from harness.waiting import eventually
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from storage.scripted_store import ScriptedStore, in_time, started


@pytest.fixture(name="connection")
def _connection(driver: Redis) -> PipelinedConnection:
    """Return a connection to that store, which the test closes."""
    return PipelinedConnection(driver)


async def test_closing_fails_calls_in_flight(
    connection: PipelinedConnection, scripted: ScriptedStore
) -> None:
    """Callers in flight get an error, and the connection is closed."""
    calls = await started(connection, scripted, "a", "b")
    await connection.close()
    replies = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(reply) for reply in replies] == [ConnectionLost, ConnectionLost]
    await eventually(lambda: scripted.connections == 0, "the connection is closed")


async def test_closing_while_it_opens_leaves_no_connection(
    connection: PipelinedConnection, scripted: ScriptedStore
) -> None:
    """A call that waits for the opening fails, and its caller is not cancelled."""
    scripted.answers_opening = False
    call = asyncio.ensure_future(connection.call("ECHO", "a"))
    await eventually(lambda: scripted.opened == 1, "a connection that is being opened")

    await connection.close()

    with pytest.raises(ConnectionLost):
        await in_time(call)
    await eventually(lambda: scripted.connections == 0, "the connection is closed")


async def test_call_after_closing_opens_no_connection(
    connection: PipelinedConnection, scripted: ScriptedStore
) -> None:
    """A call that comes too late fails, before and after the first opening."""
    (call,) = await started(connection, scripted, "a")
    scripted.reply(b"+a")
    await in_time(call)
    await connection.close()

    with pytest.raises(ConnectionLost):
        await in_time(connection.call("ECHO", "b"))
    assert scripted.opened == 1
