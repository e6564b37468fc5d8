"""Reads for calls: those of cancelled calls end, and every other call gets a result."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import pytest

from harness.waiting import eventually
from leaderboard_server.board.boards import DEPTH
from leaderboard_server.board.row_queue import RowQueue
from leaderboard_server.domain.board import Page, TopQuery
from leaderboard_server.domain.errors import ReadQueueFull, UserNotFound
from leaderboard_server.domain.position import BEGINNING
from leaderboard_server.service.leaderboard import MAX_ROWS_QUEUED, LeaderboardService
from leaderboard_server.service.pending_reads import PendingReads

NOT_FOUND = UserNotFound("cup", "ada")


class SlowReads:
    """Reads in turn that end when the test allows it; each counts."""

    def __init__(self) -> None:
        self.begun = 0
        self.replies = asyncio.Event()
        self.error: Exception | None = None
        self.pending = PendingReads()
        self._queue = RowQueue(1)

    def start(self, calls: "Calls", *numbers: int) -> None:
        """Start reads for open calls."""
        for number in numbers:
            calls.open.add(number)
            self.pending.start(partial(self._queue.run, 1, self._read), calls, number)

    async def _read(self) -> Sequence[str]:
        self.begun += 1
        await self.replies.wait()
        if self.error:
            raise self.error
        return ["result"]


class Calls:
    """Open calls and the results of all; a `callbacks.Receiver`."""

    def __init__(self) -> None:
        self.open: set[int] = set()
        self.results: dict[int, object] = {}

    def is_open(self, call: int) -> bool:
        """See `Receiver`."""
        return call in self.open

    def receive(self, call: int, results: object) -> None:
        """See `Receiver`."""
        self.open.discard(call)
        self.results[call] = results

    def fail(self, call: int, error: Exception) -> None:
        """See `Receiver`."""
        self.receive(call, error)


def waiting() -> int:
    """Return the number of reads that wait or are in flight."""
    return sum(task.get_name() == "read" for task in asyncio.all_tasks())


async def test_reads_of_calls_that_are_over_end() -> None:
    """However many calls are cancelled while the store is slow, few of their reads are kept."""
    reads, calls = SlowReads(), Calls()
    reads.start(calls, *range(100))
    for number in range(100, 5_000):
        reads.start(calls, number)
        calls.open.discard(number)
        if number % 100 == 0:
            await asyncio.sleep(0)
    await eventually(lambda: reads.begun == 1, "the first read")
    assert waiting() <= 400

    reads.replies.set()
    await eventually(lambda: not calls.open, "the results of the open calls")
    assert {number: calls.results[number] for number in range(100)} == {
        number: ["result"] for number in range(100)
    }
    await eventually(lambda: not waiting(), "the end of all reads")


@pytest.mark.parametrize("error", [NOT_FOUND, ZeroDivisionError("a defect")], ids=repr)
async def test_every_error_is_that_of_its_call(error: Exception) -> None:
    """A call ends with its error, also with one that no part expects; the next is served."""
    reads, calls = SlowReads(), Calls()
    reads.error = error
    reads.replies.set()
    reads.start(calls, 1)
    await eventually(lambda: not calls.open, "the result")
    assert calls.results == {1: error}

    reads.error = None
    reads.start(calls, 2)
    await eventually(lambda: not calls.open, "the next result")
    assert calls.results[2] == ["result"]


async def test_close_ends_all_reads() -> None:
    """Reads that wait, and one that has not begun, are over when it returns."""
    reads, calls = SlowReads(), Calls()
    reads.start(calls, 1, 2)
    await eventually(lambda: reads.begun == 1, "the first read")
    reads.start(calls, 3)
    await reads.pending.close()
    assert not waiting()
    reads.replies.set()


class SlowBoards:
    """Boards whose pages come when the test allows it."""

    def __init__(self) -> None:
        self.begun = 0
        self.replies = asyncio.Event()

    async def top(self, *_query: object) -> Page:
        """See `Boards.top`."""
        self.begun += 1
        await self.replies.wait()
        return Page((), 0, BEGINNING)


async def test_pages_of_calls_that_are_over_leave_the_queue() -> None:
    """A full queue has room again once the calls that wait in it are over, and not before."""
    boards, calls, limit = SlowBoards(), Calls(), 1_000
    others: Any = None
    service = LeaderboardService(
        others, cast("Any", boards), others, others, others, lambda _: None
    )

    def start(number: int) -> None:
        calls.open.add(number)
        service.top(TopQuery("cup", DEPTH + number, limit, BEGINNING), calls, number)

    for number in range(1, 1 + MAX_ROWS_QUEUED // limit):
        start(number)
    await eventually(lambda: boards.begun == 2, "the first reads")
    start(100)
    await eventually(lambda: 100 in calls.results, "the end of a read too many")
    assert isinstance(calls.results[100], ReadQueueFull)

    calls.open.clear()
    for number in (101, 102):
        start(number)
    boards.replies.set()
    await eventually(lambda: not calls.open, "the later reads")
    assert [calls.results[number] for number in (101, 102)] == [(Page((), 0, BEGINNING),)] * 2
    await service.close()
