"""Records the commands of reads of the service, so that they can be sent at full speed."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import hiredis

from benchmarks.store import RunningStore
from harness.store_connection import CallingConnection
from harness.uncounted import store_instruments
from leaderboard_server.callbacks import settle
from leaderboard_server.domain.board import RankQuery
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from leaderboard_server.storage.rank_replies import RankReply
from leaderboard_server.storage.resp_protocol import Argument
from leaderboard_server.storage.store import Retention, Store


class _Recorder(CallingConnection):
    """A connection that keeps each command, and answers it with the reply to the first one."""

    def __init__(self, connection: PipelinedConnection) -> None:
        super().__init__()
        self.commands: list[bytes] = []
        self._connection = connection
        self._reply: Any = None

    async def call(self, *command: Argument) -> Any:
        """See `PipelinedConnection.call`."""
        self.commands.append(hiredis.pack_command(command))  # type: ignore[arg-type] # of any length
        if self._reply is None:
            self._reply = await self._connection.call(*command)
        return self._reply


@asynccontextmanager
async def _recording(running: RunningStore) -> AsyncIterator[tuple[Store, list[bytes]]]:
    """Open a store, and the list of the commands that it sends."""
    driver = connect(f"unix://{running.socket}")
    connection = PipelinedConnection(driver)
    recorder = _Recorder(connection)
    try:
        yield Store(recorder, recorder, Retention(), store_instruments()), recorder.commands
    finally:
        await connection.close()
        await driver.aclose()


async def recorded_ranks(
    running: RunningStore, contest_id: str, users: int, group: int, count: int
) -> list[bytes]:
    """Return `count` commands, each of which reads the ranks of `group` random users."""
    choice = random.Random(2)
    async with _recording(running) as (store, commands):
        for _ in range(count):
            queries = [RankQuery(contest_id, f"u{choice.randrange(users)}") for _ in range(group)]
            result: asyncio.Future[RankReply] = asyncio.get_running_loop().create_future()
            store.start_ranks(contest_id, queries, partial(settle, result))
            await result
        return commands


async def recorded_pages(
    running: RunningStore, contest_id: str, places: Sequence[int], rows: int
) -> list[bytes]:
    """Return commands that read `rows` rows of a board, each from one of these places on."""
    async with _recording(running) as (store, commands):
        await store.top(contest_id, 1, 1)  # a short reply, which is quick to decode
        commands.clear()
        for place in places:
            await store.top(contest_id, place, rows)
        return commands
