"""Batches store calls per contest: requests that arrive during a call are sent in the next one.

A request waits for the call in flight at most, there is no timer, and a contest has one call in
flight at a time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from leaderboard_server.domain.errors import StoreFailure

Request = TypeVar("Request")
Reply = TypeVar("Reply")
Result = TypeVar("Result")

Decode: TypeAlias = Callable[[], Sequence[Reply]]
"""Decodes what the store replied: one reply for each request, in order."""


class _Submission(NamedTuple, Generic[Request, Reply]):
    """Requests of one caller: they are sent in the same call."""

    requests: Sequence[Request]
    size: int
    map_result: Callable[[Sequence[Reply]], Any]
    result: asyncio.Future[Any]


class CallBatcher(Generic[Request, Reply]):
    """Sends the requests of each contest in batches, one after the other."""

    def __init__(
        self, call: Callable[[str, list[Request]], Awaitable[Decode[Reply]]], *, max_size: int
    ) -> None:
        """Send batches by `call`; a reply is decoded after the next batch was sent.

        Args:
            call: Sends requests of one contest, and returns once the store has replied.

            max_size: The maximum size of a batch.
        """
        self._call = call
        self._max_size = max_size
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queues: dict[str, list[_Submission[Request, Reply]]] = {}
        """The waiting submissions of each contest that has a call in flight or scheduled."""
        self.size = 0
        """The size of all that is queued or in flight, also of callers that were cancelled."""
        self._calls: set[asyncio.Future[Decode[Reply]]] = set()

    def submit(
        self,
        contest_id: str,
        requests: Sequence[Request],
        size: int,
        map_result: Callable[[Sequence[Reply]], Result],
    ) -> asyncio.Future[Result]:
        """Return the replies to requests of one contest, mapped by `map_result`.

        If the caller is cancelled before its requests are sent, they are dropped.

        Args:
            contest_id: The contest.

            requests: The requests, which share one call.

            size: Their size, up to `max_size`.

            map_result: Turns their replies into the result, or raises the caller's error.

        Raises:
            StoreFailure: The store did not serve the call.
        """
        loop = self._loop = self._loop or asyncio.get_running_loop()
        result: asyncio.Future[Result] = loop.create_future()
        queue = self._queues.get(contest_id)
        if queue is None:
            queue = self._queues[contest_id] = []
            # Not at once, so that requests of the same turn of the loop share the call.
            loop.call_soon(self._send, loop, contest_id)
        queue.append(_Submission(requests, size, map_result, result))
        self.size += size
        return result

    async def close(self) -> None:
        """Wait until every request has its result."""
        while self._queues:
            if self._calls:
                await asyncio.wait(self._calls)
            await asyncio.sleep(0)

    def _send(self, loop: asyncio.AbstractEventLoop, contest_id: str) -> None:
        batch = self._next_batch(contest_id)
        if not batch:
            del self._queues[contest_id]
            return
        requests = [request for submission in batch for request in submission.requests]
        call = asyncio.ensure_future(self._call(contest_id, requests))
        self._calls.add(call)
        call.add_done_callback(partial(self._on_reply, loop, contest_id, batch))

    def _on_reply(
        self,
        loop: asyncio.AbstractEventLoop,
        contest_id: str,
        batch: list[_Submission[Request, Reply]],
        call: asyncio.Future[Decode[Reply]],
    ) -> None:
        self._calls.discard(call)
        error = asyncio.CancelledError() if call.cancelled() else call.exception()
        if error:
            if isinstance(error, StoreFailure):
                # Another call would fail in the same way, only later.
                batch += self._queues[contest_id]
                self._queues[contest_id].clear()
            _fail(batch, error)
        self.size -= sum(submission.size for submission in batch)
        self._send(loop, contest_id)
        if error:
            return
        if contest_id in self._queues:
            # The store should work while the reply is decoded: one turn of the loop makes the
            # next call, the one after that sends it.
            loop.call_soon(loop.call_soon, _resolve, batch, call.result())
        else:
            _resolve(batch, call.result())

    def _next_batch(self, contest_id: str) -> list[_Submission[Request, Reply]]:
        """Take as many submissions as one call holds; none means that the queue is empty."""
        queue = self._queues[contest_id]
        waiting = [submission for submission in queue if not submission.result.done()]
        if len(waiting) < len(queue):
            self.size -= sum(submission.size for submission in queue if submission.result.done())
        size = taken = 0
        for submission in waiting:
            size += submission.size
            if taken and size > self._max_size:
                break
            taken += 1
        self._queues[contest_id] = waiting[taken:]
        return waiting[:taken]


def _resolve(batch: list[_Submission[Request, Reply]], decode: Decode[Reply]) -> None:
    try:
        replies = decode()
    except Exception as error:  # noqa: BLE001 - the callers get it, whatever it is
        _fail(batch, error)
        return
    first = 0
    for submission in batch:
        after = first + len(submission.requests)
        if not submission.result.done():
            try:
                submission.result.set_result(submission.map_result(replies[first:after]))
            except Exception as error:  # noqa: BLE001 - the caller gets it, whatever it is
                submission.result.set_exception(error)
        first = after


def _fail(batch: list[_Submission[Request, Reply]], error: BaseException) -> None:
    for submission in batch:
        if not submission.result.done():
            submission.result.set_exception(error)
