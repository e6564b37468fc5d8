"""The queue of large reads: few are in flight, and the others wait their turn."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from harness.waiting import eventually
from leaderboard_server.board.row_queue import RowQueue, RowQueues
from leaderboard_server.domain.errors import ReadQueueFull, StoreCause, StoreUnavailable


class SlowReads:
    """
    Reads that end when the test allows it.

    Attributes:
        begun: The numbers of the reads that began, in order.
        replies: Released once for each reply.
        error: The error that reads fail with, if any.
    """

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.replies = asyncio.Semaphore(0)
        self.error: Exception | None = None

    def read(self, number: int) -> Callable[[], Coroutine[None, None, int]]:
        """Return a read whose result is its number."""

        async def read() -> int:
            self.begun.append(number)
            await self.replies.acquire()
            if self.error:
                raise self.error
            return number

        return read

    async def have_begun(self, *numbers: int) -> None:
        """Wait until exactly these reads have begun."""
        await eventually(lambda: self.begun == list(numbers), f"the reads {numbers} began")


@pytest.fixture(name="reads")
def _reads() -> SlowReads:
    """Return reads of which none has begun."""
    return SlowReads()


def start(queue: RowQueue, reads: SlowReads, *rows: int) -> list[asyncio.Task[int]]:
    """Start reads of these numbers of rows, numbered from 0."""
    return [
        asyncio.create_task(queue.run(count, reads.read(number)))
        for number, count in enumerate(rows)
    ]


async def turns() -> None:
    """Give every other task a few turns."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_few_rows_are_in_flight(reads: SlowReads) -> None:
    """Reads run in order, together with others as long as their rows are few."""
    tasks = start(RowQueue(100), reads, 60, 40, 10, 90, 1)
    await reads.have_begun(0, 1)
    await turns()
    assert reads.begun == [0, 1]

    reads.replies.release()
    await reads.have_begun(0, 1, 2)
    reads.replies.release()
    await reads.have_begun(0, 1, 2, 3)
    for _ in range(3):
        reads.replies.release()
    assert await asyncio.gather(*tasks) == [0, 1, 2, 3, 4]


async def test_a_read_of_more_rows_runs_alone(reads: SlowReads) -> None:
    """A read of more rows than may be in flight waits until no other is, and runs."""
    tasks = start(RowQueue(100), reads, 1, 1_000, 1)
    await reads.have_begun(0)
    reads.replies.release()
    await reads.have_begun(0, 1)
    await turns()
    assert reads.begun == [0, 1]
    reads.replies.release()
    reads.replies.release()
    assert await asyncio.gather(*tasks) == [0, 1, 2]


async def test_a_full_queue_rejects(reads: SlowReads) -> None:
    """A read is rejected while too many rows wait or are in flight, and accepted after that."""
    queue = RowQueue(100, 250)
    tasks = start(queue, reads, 100, 100, 100, 100)
    with pytest.raises(ReadQueueFull):
        await tasks[3]
    for _ in range(3):
        reads.replies.release()
    assert await asyncio.gather(*tasks[:3]) == [0, 1, 2]
    reads.replies.release()
    assert await queue.run(100, reads.read(4)) == 4


async def test_a_cancelled_caller_leaves_the_queue(reads: SlowReads) -> None:
    """The read of a caller that was cancelled while it waited is not made and not counted."""
    queue = RowQueue(100, 250)
    tasks = start(queue, reads, 100, 100, 100)
    await reads.have_begun(0)
    tasks[1].cancel()
    await asyncio.wait([tasks[1]])
    more = asyncio.create_task(queue.run(100, reads.read(3)))
    for _ in range(3):
        reads.replies.release()
    assert [await tasks[0], await tasks[2], await more] == [0, 2, 3]
    assert reads.begun == [0, 2, 3]


async def test_a_caller_may_be_cancelled_when_its_turn_comes(reads: SlowReads) -> None:
    """The turn of a caller that is cancelled in that moment goes to the next one."""
    queue, loop = RowQueue(100), asyncio.get_running_loop()

    def cancel_next_soon() -> None:
        loop.call_soon(tasks[0].cancel)

    async def cancel_next() -> None:
        # Cancelled right after it was given its turn, and before it notices.
        loop.call_soon(cancel_next_soon)

    first = asyncio.create_task(queue.run(100, cancel_next))
    tasks = start(queue, reads, 100, 100)
    await first
    reads.replies.release()
    assert await asyncio.wait_for(tasks[1], 10) == 1
    assert tasks[0].cancelled()
    assert reads.begun == [1]


async def test_a_begun_read_counts_until_its_reply(reads: SlowReads) -> None:
    """A caller that is cancelled makes no room before the store has replied to its read."""
    tasks = start(RowQueue(100), reads, 100, 100)
    await reads.have_begun(0)
    tasks[0].cancel()
    await turns()
    assert reads.begun == [0]
    reads.replies.release()
    await reads.have_begun(0, 1)
    reads.replies.release()
    assert await tasks[1] == 1


async def test_no_read_waits_for_a_store_that_is_away(reads: SlowReads) -> None:
    """When a read finds the store away all that wait fail at once, and later ones are made."""
    cause = StoreCause.TIMEOUT
    queue = RowQueue(100)
    tasks = start(queue, reads, 100, 100, 100)
    await reads.have_begun(0)
    reads.error = StoreUnavailable(cause)
    reads.replies.release()
    done = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
    assert [getattr(error, "cause", error) for error in done] == [cause] * 3
    assert reads.begun == [0]

    reads.error = None
    reads.replies.release()
    assert await queue.run(100, reads.read(7)) == 7


async def test_an_error_is_that_of_its_caller_alone(reads: SlowReads) -> None:
    """A read that fails for another reason has no effect on the reads that wait."""
    tasks = start(RowQueue(100), reads, 100, 100)
    await reads.have_begun(0)
    reads.error = LookupError("a defect")
    reads.replies.release()
    with pytest.raises(LookupError):
        await tasks[0]
    reads.error = None
    reads.replies.release()
    assert await tasks[1] == 1


def start_of(
    queues: RowQueues, reads: SlowReads, contest_id: str, *numbers: int
) -> list[asyncio.Task[int]]:
    """Start reads of a contest by their numbers, each of as many rows as may be in flight."""
    return [
        asyncio.create_task(queues.of(contest_id).run(100, reads.read(number)))
        for number in numbers
    ]


async def test_shards_do_not_wait_for_each_other(reads: SlowReads) -> None:
    """While a read of one shard gets no reply those of other shards run."""
    queues, hanging = RowQueues(lambda contest_id: contest_id[0], 100), SlowReads()
    stuck = start_of(queues, hanging, "a1", 0) + start_of(queues, hanging, "a2", 1)
    await hanging.have_begun(0)

    others = start_of(queues, reads, "b1", 2) + start_of(queues, reads, "b2", 3)
    await reads.have_begun(2)
    reads.replies.release()
    reads.replies.release()

    assert await asyncio.gather(*others) == [2, 3]
    assert hanging.begun == [0]
    hanging.replies.release()
    hanging.replies.release()
    assert await asyncio.gather(*stuck) == [0, 1]


async def test_shard_that_is_away_fails_no_reads_of_others(reads: SlowReads) -> None:
    """Reads that wait fail with those of their own shard alone."""
    queues, failing = RowQueues(lambda contest_id: contest_id[0], 100), SlowReads()
    failing.error = StoreUnavailable(StoreCause.UNREACHABLE)
    failed = start_of(queues, failing, "a", 0, 1)
    others = start_of(queues, reads, "b", 2, 3)
    await reads.have_begun(2)

    failing.replies.release()
    errors = await asyncio.gather(*failed, return_exceptions=True)
    reads.replies.release()
    reads.replies.release()

    assert [type(error) for error in errors] == [StoreUnavailable] * 2
    assert await asyncio.gather(*others) == [2, 3]


async def test_limit_of_waiting_reads_is_each_shards_own(reads: SlowReads) -> None:
    """A shard whose queue is full takes nothing from another one."""
    queues = RowQueues(lambda contest_id: contest_id[0], 100, 200)
    tasks = start_of(queues, reads, "a", 0, 1)
    await reads.have_begun(0)
    assert queues.of("a").full
    assert not queues.of("b").full

    with pytest.raises(ReadQueueFull):
        await queues.of("a").run(1, reads.read(2))
    tasks += start_of(queues, reads, "b", 3)
    await reads.have_begun(0, 3)
    for _ in tasks:
        reads.replies.release()
    await asyncio.gather(*tasks)
