"""Batches of store calls: each caller gets its own result."""

import asyncio
from collections.abc import Sequence

import pytest

from harness.waiting import eventually
from leaderboard_server.board.call_batcher import CallBatcher, Decode
from leaderboard_server.callbacks import Done
from leaderboard_server.domain.errors import StoreUnavailable

CONTEST = "cup"


class SlowStore:
    """
    A store that replies to each request with the request itself.

    Attributes:
        batches: The requests of all calls.
        replies: Released once for each reply.
    """

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.replies = asyncio.Semaphore(0)
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, _contest_id: str, requests: list[int], done: Done[Decode[int]]) -> None:
        """Accept one call."""
        self.batches.append(requests)
        task = asyncio.create_task(self._reply(requests, done))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reply(self, requests: list[int], done: Done[Decode[int]]) -> None:
        await self.replies.acquire()
        done(lambda: requests)


@pytest.fixture(name="store")
def _store() -> SlowStore:
    """Return a store that replies when the test allows it."""
    return SlowStore()


def submit(batcher: CallBatcher[int, int], *requests: int) -> list[asyncio.Future[Sequence[int]]]:
    """Submit each request separately."""
    return [batcher.submit(CONTEST, (request,), 1) for request in requests]


@pytest.mark.parametrize("cancelled", range(0, 33, 4))
@pytest.mark.parametrize("oldest", [True, False], ids=["the oldest", "the youngest"])
async def test_remaining_callers_get_their_results(
    store: SlowStore, cancelled: int, *, oldest: bool
) -> None:
    """Callers get their results, however many other waiting callers are cancelled."""
    batcher = CallBatcher(store.start, max_size=100)
    (first,) = submit(batcher, 0)
    await eventually(lambda: bool(store.batches), "the first call")
    waiting = submit(batcher, *range(1, 33))
    leaving = waiting[:cancelled] if oldest else waiting[len(waiting) - cancelled :]
    for result in leaving:
        result.cancel()
    for _ in waiting:
        store.replies.release()

    remaining = [result for result in waiting if result not in leaving]
    async with asyncio.timeout(5):
        results = await asyncio.gather(first, *remaining)
        await batcher.close()
    assert [request for (request,) in results] == sorted(request for (request,) in results)
    assert len(results) == 1 + len(waiting) - cancelled
    assert sum(map(len, store.batches)) == len(results)


async def test_all_callers_may_be_cancelled_before_anything_is_sent(store: SlowStore) -> None:
    """If all callers are cancelled, nothing is sent, and later callers are served."""
    batcher = CallBatcher(store.start, max_size=100)
    for result in submit(batcher, 1, 2, 3):
        result.cancel()
    await batcher.close()
    assert not store.batches
    assert batcher.size == 0

    store.replies.release()
    (later,) = submit(batcher, 4)
    assert await later == [4]


async def test_requests_during_a_call_share_the_next_one(store: SlowStore) -> None:
    """Requests that arrive during a call are sent together after it."""
    batcher = CallBatcher(store.start, max_size=100)
    (first,) = submit(batcher, 0)
    await eventually(lambda: bool(store.batches), "the first call")
    waiting = submit(batcher, *range(1, 17))
    for _ in range(2):
        store.replies.release()
    await asyncio.gather(first, *waiting)
    assert store.batches == [[0], list(range(1, 17))]


async def test_a_reply_that_cannot_be_decoded_is_an_error_of_its_callers() -> None:
    """All callers of the call get the error, and the callers of the next one are served."""
    calls = 0

    def start(_contest_id: str, requests: list[int], done: Done[Decode[int]]) -> None:
        nonlocal calls
        calls += 1
        done((lambda: [1 // 0]) if calls == 1 else (lambda: requests))

    batcher = CallBatcher(start, max_size=100)
    failed = await asyncio.gather(*submit(batcher, 1, 2), return_exceptions=True)
    assert [type(error) for error in failed] == [ZeroDivisionError] * 2
    (later,) = submit(batcher, 3)
    assert await later == [3]


async def test_call_holds_at_most_the_maximum_size(store: SlowStore) -> None:
    """A call holds whole submissions, up to the maximum size."""
    batcher = CallBatcher(store.start, max_size=10)
    sizes = [10, 6, 5, 5, 1]
    results = [batcher.submit(CONTEST, (size,), size) for size in sizes]
    for _ in sizes:
        store.replies.release()
    await asyncio.gather(*results)
    assert store.batches == [[10], [6], [5, 5], [1]]


async def test_waiting_callers_fail_at_once_when_the_store_is_unavailable() -> None:
    """Waiting callers fail with the call in flight, without another call."""
    in_flight: list[Done[Decode[int]]] = []

    def start(_contest_id: str, _requests: list[int], done: Done[Decode[int]]) -> None:
        in_flight.append(done)

    batcher = CallBatcher(start, max_size=100)
    (first,) = submit(batcher, 0)
    await eventually(lambda: bool(in_flight), "the first call")
    waiting = submit(batcher, *range(20))
    in_flight[0](StoreUnavailable())
    results = await asyncio.gather(first, *waiting, return_exceptions=True)
    assert {type(result) for result in results} == {StoreUnavailable}
    assert len(in_flight) == 1
    await batcher.close()
