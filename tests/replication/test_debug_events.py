"""Debug events of a server: what they say when its work is disturbed, and that calls log none."""

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from harness.cluster_store import Store
from harness.node import Node, running_node
from harness.proxy import StoreProxy
from harness.waiting import eventually

CONTEST = "cup"
Log = list[MutableMapping[str, Any]]


@pytest.fixture(name="log")
def _log() -> Iterator[Log]:
    """Yield the entries of the log, of each level."""
    structlog.reset_defaults()
    with capture_logs() as log:
        yield log


def of(log: Log, event: str, *fields: str) -> list[tuple[Any, ...]]:
    """Return the values of some fields of an event's entries."""
    return [tuple(entry[name] for name in fields) for entry in log if entry["event"] == event]


async def read_until_live(node: Node) -> None:
    """Read the board until it is in memory."""
    await node.add(CONTEST, "ada")
    await node.boards.top(CONTEST, 1, 10)
    assert node.followers.by_contest[CONTEST].live


async def test_the_first_read_of_a_contest(log: Log, node: Node) -> None:
    """The log says that its epoch began, how it came to be followed, and why it was read."""
    await read_until_live(node)

    ((contest_id, before),) = of(log, "epoch_began", "contest_id", "before")
    assert (contest_id, before) == (CONTEST, "")
    assert of(log, "follower_state_changed", "contest_id", "before", "now", "reason") == [
        (CONTEST, "UNSUBSCRIBED", "CATCHING_UP", "subscribed"),
        (CONTEST, "CATCHING_UP", "LIVE", "log read"),
    ]
    assert of(log, "log_read", "contest_id", "after") == [(CONTEST, 1)]
    assert of(log, "window_read", "contest_id", "reason", "rows", "usable") == [
        (CONTEST, "not read before", 1, True)
    ]
    assert {entry["log_level"] for entry in log} <= {"debug", "info"}


async def test_calls_log_nothing(log: Log, node: Node) -> None:
    """Once a contest is followed, its updates and reads have no entries."""
    await read_until_live(node)
    log.clear()

    for _ in range(20):
        await node.add(CONTEST, "ada")
        assert node.boards.top_now(CONTEST, 1, 10)
        await node.boards.top(CONTEST, 1, 10)

    assert log == []


async def test_a_lost_connection(log: Log, store: Store) -> None:
    """The log says that the connection was lost, and which script was sent again."""
    async with StoreProxy(*store.ports) as proxy, running_node(proxy.url) as node:
        await read_until_live(node)
        log.clear()

        proxy.intercept("EVALSHA", drops=1)
        await node.add(CONTEST, "ada")

    assert of(log, "script_resent", "script") == [("commit",)]
    closed, *_ = of(log, "store_connection_closed", "reason", "in_flight")
    assert closed == ("the connection to the store was lost", 1)
    assert of(log, "store_connection_opened", "address") == [(f"127.0.0.1:{proxy.port}",)]


async def test_a_lost_history(log: Log, store: Store, node: Node) -> None:
    """The log says that the contest went, that the next epoch began, and why it is read again."""
    await read_until_live(node)
    ((first,),) = of(log, "epoch_began", "epoch")
    log.clear()
    async with store.client() as client:
        await client.flushall()

    await node.add(CONTEST, "ada")

    async def is_read_again() -> bool:
        await node.boards.top(CONTEST, 1, 10)
        return bool(of(log, "window_read"))

    await eventually(is_read_again, "a read of the board")

    assert (CONTEST, first) in of(log, "epoch_began", "contest_id", "before")
    assert of(log, "follower_restarted", "contest_id", "reason") == [(CONTEST, "NEW_EPOCH")]
    assert of(log, "window_read", "reason", "usable")[-1] == ("NEW_EPOCH", True)
