"""Runs random operations on a `CallBatcher` and on a plain model of it.

The model is a queue and a batch in flight for each contest. Every call of the store is compared
with the batch that the model would send.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from leaderboard_server.board.call_batcher import CallBatcher, Decode
from leaderboard_server.callbacks import Done
from leaderboard_server.domain.errors import StoreUnavailable

MAX_SIZE = 5
CONTESTS = ("cup", "liga", "open")
DEFECT = ValueError("a defect")
REFUSED = StoreUnavailable()

contests = st.sampled_from(CONTESTS)


@dataclass
class Call:
    """A call, as the model knows it."""

    number: int
    requests: list[str]
    size: int


@dataclass
class Contest:
    """The calls of a contest that have no result."""

    queue: list[Call] = field(default_factory=list)
    in_flight: list[Call] | None = None
    done: Done[Decode[str]] | None = None

    def next_batch(self, open_calls: set[int]) -> list[Call]:
        """Take the calls that share the next call of the store."""
        self.queue = [call for call in self.queue if call.number in open_calls]
        batch = self.queue[:1]
        for call in self.queue[1:]:
            if sum(each.size for each in batch) + call.size > MAX_SIZE:
                break
            batch.append(call)
        del self.queue[: len(batch)]
        return batch


class BatcherMachine(RuleBasedStateMachine):
    """One run. It is the store of the batcher, and the receiver of its results."""

    def __init__(self) -> None:
        """Begin without calls."""
        super().__init__()
        self._loop = asyncio.new_event_loop()
        self._batcher = CallBatcher(self._start, max_size=MAX_SIZE)
        self._contests = {contest_id: Contest() for contest_id in CONTESTS}
        self._number = 0
        self._cancelled = False
        self._open: set[int] = set()
        self._expected: dict[int, object] = {}
        """The results that calls must have by the next turns of the loop."""
        self._results: dict[int, object] = {}
        self._unsendable: set[str] = set()
        """The contests whose next call of the store can't be sent."""
        self._closing: list[asyncio.Task[None]] = []

    # The store.

    def _start(self, contest_id: str, requests: list[str], done: Done[Decode[str]]) -> None:
        contest = self._contests[contest_id]
        assert contest.in_flight is None, "two calls of a contest in flight"
        batch = contest.next_batch(self._open)
        assert requests == [request for call in batch for request in call.requests]
        if contest_id in self._unsendable:
            self._unsendable.discard(contest_id)
            self._expect(batch, DEFECT)
            raise DEFECT
        contest.in_flight, contest.done = batch, done

    # The receiver.

    def is_open(self, call: int) -> bool:
        """See `Receiver`."""
        return call in self._open

    def receive(self, call: int, results: Sequence[str]) -> None:
        """See `Receiver`."""
        if call in self._open:
            self._end(call, list(results))

    def fail(self, call: int, error: Exception) -> None:
        """See `Receiver`."""
        if call in self._open:
            self._end(call, error)

    def _end(self, call: int, result: object) -> None:
        assert call not in self._results, "two results"
        self._open.discard(call)
        self._results[call] = result

    # Operations.

    @rule(contest_id=contests, count=st.integers(1, 3), size=st.integers(1, 2 * MAX_SIZE))
    def add(self, contest_id: str, count: int, size: int) -> None:
        """Add a call of some requests."""
        self._number += 1
        call = Call(self._number, [f"{self._number}.{n}" for n in range(count)], size)
        self._open.add(call.number)
        self._contests[contest_id].queue.append(call)
        if call.number == 1:  # the batcher takes the loop that runs then
            self._loop.run_until_complete(self._add(contest_id, call))
        else:
            self._batcher.add(contest_id, call.requests, call.size, self, call.number)

    async def _add(self, contest_id: str, call: Call) -> None:
        self._batcher.add(contest_id, call.requests, call.size, self, call.number)

    @rule(turns=st.integers(1, 3))
    def turn(self, turns: int) -> None:
        """Let turns of the loop pass."""
        for _ in range(turns):
            self._loop.call_soon(self._loop.stop)
            self._loop.run_forever()

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Cancel a call: it has no result from then on."""
        if self._open:
            number = data.draw(st.sampled_from(sorted(self._open)))
            self._open.discard(number)
            self._expected.pop(number, None)
            self._cancelled = True

    @rule(contest_id=contests)
    def break_next(self, contest_id: str) -> None:
        """Have the next call of a contest not be sent."""
        self._unsendable.add(contest_id)

    @rule(
        contest_id=contests,
        how=st.sampled_from(["replies", "replies", "unreadable", "defect", "refused"]),
    )
    def reply(self, contest_id: str, how: str) -> None:
        """Have the store reply to the call in flight of a contest, or fail it."""
        contest = self._contests[contest_id]
        batch, done = contest.in_flight, contest.done
        if batch is None or done is None:
            return
        contest.in_flight = contest.done = None
        replies = [f"re: {request}" for call in batch for request in call.requests]
        if how == "replies":
            for call in batch:
                self._expect([call], [f"re: {request}" for request in call.requests])
            done(lambda: replies)
        elif how == "refused":
            self._expect([*batch, *contest.queue], REFUSED)
            contest.queue.clear()
            done(REFUSED)
        else:
            self._expect(batch, DEFECT)
            done(self._unreadable if how == "unreadable" else DEFECT)

    @staticmethod
    def _unreadable() -> Sequence[str]:
        raise DEFECT

    @precondition(lambda self: len(self._closing) < 3)
    @rule()
    def close(self) -> None:
        """Wait for the end of all calls, beside other operations."""
        self._closing.append(self._loop.create_task(self._batcher.close()))

    # Checks.

    @invariant()
    def results_are_those_of_the_model(self) -> None:
        """No call has a result that the model doesn't know, or another one."""
        for call, result in self._results.items():
            assert self._expected[call] == result

    @invariant()
    def all_is_counted(self) -> None:
        """The size is that of the calls that wait or are in flight, or were cancelled."""
        size = sum(
            call.size
            for contest in self._contests.values()
            for call in (*contest.queue, *(contest.in_flight or ()))
        )
        assert self._batcher.size == size or self._cancelled

    def teardown(self) -> None:
        """Answer everything: every open call has its result, and every close ends."""
        try:
            self._unsendable.clear()
            self.turn(3)
            while any(contest.in_flight for contest in self._contests.values()):
                for contest_id in CONTESTS:
                    self.reply(contest_id, "replies")
                self.turn(3)
            self.close()
            self.turn(3)
            assert all(task.done() for task in self._closing), "a close that doesn't end"
            assert not self._open, "calls without a result"
            assert self._results == self._expected
            assert self._batcher.size == 0
        finally:
            self._loop.close()

    def _expect(self, batch: Sequence[Call], result: object) -> None:
        for call in batch:
            if call.number in self._open:
                self._expected[call.number] = result
