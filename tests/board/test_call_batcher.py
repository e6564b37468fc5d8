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


async def test_a_batch_that_cannot_be_sent_fails_alone() -> None:
    """Its callers get the error, and the other contests and later calls are served."""

    def start(contest_id: str, requests: list[int], done: Done[Decode[int]]) -> None:
        if contest_id == "bad":
            raise ValueError("can't be encoded")
        done(lambda: requests)

    batcher = CallBatcher(start, max_size=10)
    calls = [batcher.submit(contest, (1,), 10) for contest in ("bad", "bad", CONTEST)]
    async with asyncio.timeout(10):
        first, second, other = await asyncio.gather(*calls, return_exceptions=True)
        assert (type(first), type(second), other) == (ValueError, ValueError, [1])
        with pytest.raises(ValueError, match="encoded"):
            await batcher.submit("bad", (1,), 1)
        await batcher.close()
    assert batcher.size == 0


async def test_an_error_of_one_receiver_leaves_no_call_without_a_result() -> None:
    """The calls that have no result yet get the error."""

    class OneDefect:
        """Takes results, except those of call 1."""

        def __init__(self) -> None:
            self.results: dict[int, object] = {}

        def is_open(self, call: int) -> bool:
            """See `Receiver`."""
            return call not in self.results

        def receive(self, call: int, results: Sequence[int]) -> None:
            """See `Receiver`."""
            if call == 1:
                raise ValueError("a defect")
            self.results[call] = results

        def fail(self, call: int, error: Exception) -> None:
            """See `Receiver`."""
            self.results[call] = type(error)

    def start(_contest_id: str, requests: list[int], done: Done[Decode[int]]) -> None:
        done(lambda: requests)

    batcher = CallBatcher(start, max_size=10)
    receiver = OneDefect()
    for call in range(3):
        batcher.add(CONTEST, (call,), 1, receiver, call)
    other = batcher.submit("other", (3,), 1)
    async with asyncio.timeout(10):
        assert await other == [3]
        await batcher.close()
    assert receiver.results == {0: [0], 1: ValueError, 2: ValueError}


async def test_every_close_ends(store: SlowStore) -> None:
    """All that wait for the end of the calls return, also if one of them is cancelled."""
    batcher = CallBatcher(store.start, max_size=100)
    (result,) = submit(batcher, 1)
    closing = [asyncio.create_task(batcher.close()) for _ in range(3)]
    await eventually(lambda: bool(store.batches), "the call")
    closing[1].cancel()
    await asyncio.wait([closing[1]])
    store.replies.release()
    async with asyncio.timeout(10):
        await asyncio.gather(closing[0], closing[2], result)
