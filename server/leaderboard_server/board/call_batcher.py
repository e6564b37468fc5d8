"""Batches store calls per contest: requests that arrive during a call are sent in the next one.

A request waits for the call in flight at most, there is no timer, and a contest has one call in
flight at a time. Nothing is created for a single request but a tuple: thousands of them share one
reply of the store, and the next call is on its way before their results are passed on.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from leaderboard_server.callbacks import Done, Receiver, settle
from leaderboard_server.domain.errors import StoreFailure

Request = TypeVar("Request")
Reply = TypeVar("Reply")

Decode: TypeAlias = Callable[[], Sequence[Reply]]
"""Decodes what the store replied: one reply for each request, in order."""

StartBatch: TypeAlias = Callable[[str, list[Request], Done[Decode[Reply]]], None]
"""Sends requests of one contest, and passes on the reply or the error."""

Entry: TypeAlias = tuple[Sequence[Request], int, Receiver[Reply], int]
"""The requests of one call, which are sent together; their size, receiver and the call."""


class CallBatcher(Generic[Request, Reply]):
    """Sends the requests of each contest in batches, one after the other."""

    def __init__(self, start: StartBatch[Request, Reply], *, max_size: int) -> None:
        """Send batches of a maximum size; a reply is decoded after the next batch was sent."""
        self._start = start
        self._max_size = max_size
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queues: dict[str, list[Entry[Request, Reply]]] = {}
        """The waiting requests of each contest that has a call in flight or is in `_begun`."""
        self._begun: list[str] = []
        """The contests whose next call is sent in this turn of the loop."""
        self._replies: list[tuple[list[Entry[Request, Reply]], Decode[Reply]]] = []
        """The replies that are not passed on yet."""
        self.size = 0
        """The size of all that is queued or in flight, also of callers that were cancelled."""
        self._idle: asyncio.Future[None] | None = None
        """Done when nothing is queued or in flight, once `close` waits for that."""

    def add(
        self,
        contest_id: str,
        requests: Sequence[Request],
        size: int,
        receiver: Receiver[Reply],
        call: int,
    ) -> None:
        """Send requests of one contest, and pass the replies on to a receiver.

        They are dropped if the call is over before they are sent.

        Args:
            contest_id: The contest.

            requests: The requests, which are sent together.

            size: Their size. Requests beyond `max_size` have a call of their own.

            receiver: Gets one reply for each request, or a `StoreFailure`.

            call: The number that the receiver knows them by.
        """
        queue = self._queues.get(contest_id)
        if queue is None:
            queue = self._queues[contest_id] = []
            if not self._begun:
                # Not at once, so that requests of the same turn of the loop share the call.
                self._loop = self._loop or asyncio.get_running_loop()
                self._loop.call_soon(self._send_begun)
            self._begun.append(contest_id)
        queue.append((requests, size, receiver, call))
        self.size += size

    def submit(
        self, contest_id: str, requests: Sequence[Request], size: int
    ) -> asyncio.Future[Sequence[Reply]]:
        """Return the replies to requests of one contest.

        If the caller is cancelled before they are sent, they are dropped.

        Raises:
            StoreFailure: The store did not serve the call.
        """
        waiter = _Waiter[Reply]()
        self.add(contest_id, requests, size, waiter, 0)
        return waiter.replies

    async def close(self) -> None:
        """Wait until every request has its reply."""
        if self._queues or self._replies:
            self._idle = self._idle or asyncio.get_running_loop().create_future()
            await asyncio.wait([self._idle])  # another caller may wait for it too

    def _send_begun(self) -> None:
        begun, self._begun = self._begun, []
        for contest_id in begun:
            self._send(contest_id)

    def _send(self, contest_id: str) -> None:
        while batch := self._next_batch(contest_id):
            try:
                self._start_batch(contest_id, batch)
            except Exception as error:  # noqa: BLE001 - the callers get it, whatever it is
                self.size -= _size(batch)
                _fail(batch, error)
            else:
                return
        del self._queues[contest_id]
        self._check_idle()

    def _start_batch(self, contest_id: str, batch: list[Entry[Request, Reply]]) -> None:
        requests = [request for entry in batch for request in entry[0]]
        self._start(contest_id, requests, partial(self._on_reply, contest_id, batch))

    def _on_reply(
        self,
        contest_id: str,
        batch: list[Entry[Request, Reply]],
        reply: Decode[Reply] | Exception,
    ) -> None:
        if isinstance(reply, StoreFailure):
            # Another call would fail in the same way, only later.
            batch += self._queues[contest_id]
            self._queues[contest_id].clear()
        self.size -= _size(batch)
        if isinstance(reply, Exception):
            _fail(batch, reply)
        else:
            if not self._replies and self._loop:
                self._loop.call_soon(self._pass_on)
            self._replies.append((batch, reply))
        self._send(contest_id)

    def _pass_on(self) -> None:
        replies, self._replies = self._replies, []
        for batch, decode in replies:
            try:
                _receive(batch, decode())
            except Exception as error:  # noqa: BLE001 - the callers get it, whatever it is
                _fail(batch, error)
        self._check_idle()

    def _check_idle(self) -> None:
        if self._idle and not self._queues and not self._replies:
            self._idle.set_result(None)
            self._idle = None

    def _next_batch(self, contest_id: str) -> list[Entry[Request, Reply]]:
        """Take as many requests as one call holds; none means that the queue is empty."""
        batch: list[Entry[Request, Reply]] = []
        size = taken = 0
        queue = self._queues[contest_id]
        for entry in queue:
            _, entry_size, receiver, call = entry
            if not receiver.is_open(call):
                self.size -= entry_size
            elif batch and size + entry_size > self._max_size:
                break
            else:
                batch.append(entry)
                size += entry_size
            taken += 1
        del queue[:taken]
        return batch


class _Waiter(Generic[Reply]):
    """Receives the replies to the requests of one caller, as a future."""

    def __init__(self) -> None:
        self.replies: asyncio.Future[Sequence[Reply]] = asyncio.get_running_loop().create_future()

    def is_open(self, _call: int) -> bool:
        return not self.replies.done()

    def receive(self, _call: int, replies: Sequence[Reply]) -> None:
        settle(self.replies, replies)

    def fail(self, _call: int, error: Exception) -> None:
        settle(self.replies, error)


def _size(batch: list[Any]) -> int:
    return sum([size for _, size, _, _ in batch])


def _receive(batch: list[Any], replies: Sequence[Any]) -> None:
    first = 0
    for requests, _, receiver, call in batch:
        after = first + len(requests)
        receiver.receive(call, replies[first:after])
        first = after


def _fail(batch: list[Any], error: Exception) -> None:
    """End the calls that have no result yet."""
    for _, _, receiver, call in batch:
        if receiver.is_open(call):
            receiver.fail(call, error)


class MakeBatcher(Protocol):
    """Makes the batchers of a part; `CallBatcher` itself does."""

    def __call__(
        self, start: StartBatch[Request, Reply], *, max_size: int
    ) -> CallBatcher[Request, Reply]:
        """Return a batcher; see `CallBatcher`."""
