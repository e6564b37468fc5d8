"""The feed of a store on one node, on connections that the test controls."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from harness.uncounted import replication_instruments
from harness.waiting import eventually
from leaderboard_server.replication import feed_connection
from leaderboard_server.replication.single_feed import SingleFeed
from replication.scripted_cluster import RecordingReceiver, channel
from replication.scripted_node import ScriptedNode


class BrokenConnection:
    """A connection that opens, and fails each heartbeat as uvloop does on a closed transport."""

    opened = 0

    def __init__(self) -> None:
        self.is_connected = False
        self._disconnected = asyncio.Event()

    async def connect(self) -> None:
        """Open the connection."""
        BrokenConnection.opened += 1
        self.is_connected = True

    async def send_command(self, *_command: str) -> None:
        """Fail."""
        raise RuntimeError("the handler is closed")

    async def read_response(self, **_options: Any) -> None:
        """Fail once the connection is closed, and not before."""
        await self._disconnected.wait()
        raise ConnectionError

    async def disconnect(self, **_options: Any) -> None:
        """Close the connection."""
        self.is_connected = False
        self._disconnected.set()


async def test_any_failure_of_a_heartbeat_replaces_the_connection() -> None:
    """Also an error that the driver does not translate; and the feed can be closed meanwhile."""
    pool = SimpleNamespace(make_connection=BrokenConnection)
    driver = cast("Redis", SimpleNamespace(connection_pool=pool))
    feed = SingleFeed(driver, replication_instruments())
    feed.start()
    try:
        await eventually(lambda: BrokenConnection.opened > 1, "another connection is opened")
    finally:
        async with asyncio.timeout(1):
            await feed.close()


async def test_the_commands_of_one_node() -> None:
    """A new connection subscribes to all contests in one command, later changes have their own."""
    async with ScriptedNode() as node:
        feed = SingleFeed(node.driver(), replication_instruments())
        first, second = RecordingReceiver(), RecordingReceiver()
        feed.subscribe("cup", first)
        feed.subscribe("league", second)
        feed.start()
        await eventually(lambda: first.calls == second.calls == ["subscribed"], "subscriptions")
        feed.subscribe("open", first)
        feed.unsubscribe("league")
        feed.unsubscribe("league")
        await eventually(lambda: len(node.commands) == 3, "all commands")
        node.publish(channel("open"), b"one")
        node.publish(channel("league"), b"two")
        await eventually(lambda: "one" in first.calls, "a message")
        node.cut()
        lost = ["subscribed", "subscribed", "one", "lost", "lost", "subscribed", "subscribed"]
        await eventually(lambda: first.calls == lost, "subscriptions again")

        assert second.calls == ["subscribed"]
        assert node.commands == [
            ("SUBSCRIBE", channel("cup"), channel("league")),
            ("SUBSCRIBE", channel("open")),
            ("UNSUBSCRIBE", channel("league")),
            ("SUBSCRIBE", channel("cup"), channel("open")),
        ]
        assert feed.delivers("cup")
        await feed.close()
        assert not feed.delivers("cup")
        assert not feed.is_away("cup")


async def test_a_late_loop_is_no_silence_of_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply that arrived while this process did something else is read before it counts."""
    monkeypatch.setattr(feed_connection, "HEARTBEAT_S", 0.05)
    monkeypatch.setattr(feed_connection, "SILENCE_S", 0.3)
    async with ScriptedNode() as node:
        feed = SingleFeed(node.driver(), replication_instruments())
        receiver = RecordingReceiver()
        feed.subscribe("cup", receiver)
        feed.start()
        await eventually(lambda: receiver.calls == ["subscribed"], "a subscription")
        for _ in range(5):
            time.sleep(0.4)  # noqa: ASYNC251 - it is to hold up the loop
            await asyncio.sleep(0.1)
        assert receiver.calls == ["subscribed"]

        node.executing.clear()
        await eventually(lambda: "lost" in receiver.calls, "the loss is detected")
        node.executing.set()
        await feed.close()
