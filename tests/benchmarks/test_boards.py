"""Tests of the seeded boards and the ledger, on a real store."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from benchmarks.layouts import Layout
from benchmarks.ledger import Ledger, LedgerError
from benchmarks.seeding import LEADERS, Dataset, seed
from benchmarks.store import AppendOnlyFile, RunningStore, running_store
from benchmarks.store_alone import measure_store
from harness.store_connection import CallingConnection
from harness.uncounted import store_instruments
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage import keys
from leaderboard_server.storage.resp_protocol import Argument
from leaderboard_server.storage.store import Retention, Store

HOT = Dataset(1, 3_000)


class Line(CallingConnection):
    """A connection that sends the commands of a `Store`."""

    def __init__(self, client: Redis) -> None:
        super().__init__()
        self._client = client

    async def call(self, *command: Argument) -> Any:
        """Return the reply of the store to a command."""
        return await self._client.execute_command(*command)  # type: ignore[no-untyped-call]


@pytest.fixture(name="running", scope="module")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStore]:
    with running_store(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.mark.parametrize("layout", Layout)
def test_missing_points_fail_a_run(running: RunningStore, layout: Layout) -> None:
    """If a server acknowledged more points than it wrote, the run fails."""
    dataset = Dataset(3, 50)
    seed(running, dataset)
    ledger = Ledger(running, layout, dataset)
    running.client.zincrby(layout.board("c1"), 4, "u7")

    with pytest.raises(LedgerError, match="5 points were acknowledged and 4"):
        ledger.settle(5)


def test_points_counted_twice_fail_a_run(running: RunningStore) -> None:
    """If a server wrote more points than it acknowledged, the run fails."""
    seed(running, HOT)
    ledger = Ledger(running, Layout.PLAIN, HOT)
    running.client.zincrby(Layout.PLAIN.board("hot"), 2, "u7")

    with pytest.raises(LedgerError):
        ledger.settle(1)


def test_runs_with_correct_sums_pass(running: RunningStore) -> None:
    """Each run starts at the sum of the one before, and failed calls may have been written."""
    seed(running, HOT)
    ledger = Ledger(running, Layout.PLAIN, HOT)
    for points in (5, 7):
        running.client.zincrby(Layout.PLAIN.board("hot"), points, "u7")
        ledger.settle(points)
    running.client.zincrby(Layout.PLAIN.board("hot"), 3, "u7")

    ledger.settle(2, uncertain=1)


def test_forgotten_request_ids_fail_a_run(running: RunningStore) -> None:
    """If fewer request ids are remembered than updates were acknowledged, the run fails."""
    seed(running, HOT)
    bucket = keys.requests("hot", int(time.time()) // Retention().requests_s)
    ledger = Ledger(running, Layout.SERVICE, HOT)
    running.client.hset(bucket, mapping={"a": "", "b": ""})
    ledger.settle(0, request_ids=2)
    running.client.hset(bucket, "c", "")

    with pytest.raises(LedgerError, match="1 of 2 request ids"):
        ledger.settle(0, request_ids=2)


def test_a_store_reports_how_it_keeps_writes(running: RunningStore, tmp_path: Path) -> None:
    """The settings in the results are those of the running store."""
    socket, data = tmp_path / "socket", tmp_path / "data"
    socket.mkdir()
    data.mkdir()
    with running_store(socket, AppendOnlyFile(data, "always")) as synced:
        synced.client.set("key", "value")
        assert synced.facts().endswith(", append-only file with `appendfsync always`")

    assert any(path.stat().st_size for path in data.rglob("*.aof"))
    assert running.facts() in ("jemalloc, no append-only file", "libc, no append-only file")


async def test_the_service_uses_seeded_boards(running: RunningStore) -> None:
    """The service reads and changes a seeded board like one of its own."""
    seed(running, HOT)
    async with Redis(unix_socket_path=str(running.socket)) as client:
        line = Line(client)
        store = Store(line, line, Retention(), store_instruments())
        page = await store.top("hot", 1, LEADERS + 1)
        reply = await store.commit("hot", [ScoreUpdate("hot", "u1", 1)])

    assert [user.user_id for user in page.users[:LEADERS]] == [f"hot{i}" for i in range(LEADERS)]
    assert page.users[LEADERS].score == HOT.users
    assert page.total_users == HOT.users + LEADERS
    assert page.position.revision == HOT.users + LEADERS
    commit = reply.commit()
    assert commit.previous_revision == page.position.revision
    assert commit.changes[0].previous_rank > LEADERS


@pytest.mark.parametrize("group", [1, 100])
def test_the_store_alone_runs_commits_of_the_service(running: RunningStore, group: int) -> None:
    """The script accepts the commits of the measurement, and their points are written."""
    seed(running, HOT)
    ledger = Ledger(running, Layout.SERVICE, HOT)

    shown = measure_store(running, HOT.users, group, 0.2)

    assert shown["acknowledged"] > 0
    ledger.settle(int(shown["acknowledged"]))
