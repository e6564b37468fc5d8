"""Calls in groups: what is asked while a call of its contest is under way shares the next.

So nobody waits longer than for the call in flight, there is no timer, and a contest has one call
under way at a time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from leaderboard_server.domain.errors import StoreUnavailable

Question = TypeVar("Question")
Answer = TypeVar("Answer")
Result = TypeVar("Result")

Read: TypeAlias = Callable[[], Sequence[Answer]]
"""Makes answers of what the store replied, in the order of the questions."""


class _Unit(NamedTuple, Generic[Question, Answer]):
    """Questions that were asked together: they share a call."""

    questions: Sequence[Question]
    size: int
    take: Callable[[Sequence[Answer]], Any]
    result: asyncio.Future[Any]


class CallBatcher(Generic[Question, Answer]):
    """Asks the store, for each contest in turn."""

    def __init__(
        self, call: Callable[[str, list[Question]], Awaitable[Read[Answer]]], *, max_size: int
    ) -> None:
        """Ask by `call`; the reading of a reply is put off until the next call is sent.

        Args:
            call: Sends questions of one contest, and returns once the store has replied.

            max_size: How large the questions of one call may be together.
        """
        self._call = call
        self._max_size = max_size
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[str, list[_Unit[Question, Answer]]] = {}
        """Those who wait, of each contest that has a call under way or about to be."""
        self.size = 0
        """The size of all that waits or is being asked, whether its callers are still there or
        not."""
        self._calls: set[asyncio.Future[Read[Answer]]] = set()

    def submit(
        self,
        contest_id: str,
        questions: Sequence[Question],
        size: int,
        take: Callable[[Sequence[Answer]], Result],
    ) -> asyncio.Future[Result]:
        """Return what `take` makes of the answers to questions of one contest.

        A caller that goes away while its questions wait takes them with it.

        Args:
            contest_id: The contest.

            questions: The questions, which share one call.

            size: Their size, up to `max_size`.

            take: Turns their answers into the result, or raises what the caller is to get.

        Raises:
            StoreUnavailable: The store is away.
        """
        loop = self._loop = self._loop or asyncio.get_running_loop()
        result: asyncio.Future[Result] = loop.create_future()
        waiting = self._waiting.get(contest_id)
        if waiting is None:
            waiting = self._waiting[contest_id] = []
            # Not at once: what is asked in the same turn of the loop goes along.
            loop.call_soon(self._send, loop, contest_id)
        waiting.append(_Unit(questions, size, take, result))
        self.size += size
        return result

    async def close(self) -> None:
        """Wait until everything that was asked is answered."""
        while self._waiting:
            if self._calls:
                await asyncio.wait(self._calls)
            await asyncio.sleep(0)

    def _send(self, loop: asyncio.AbstractEventLoop, contest_id: str) -> None:
        group = self._take(contest_id)
        if not group:
            del self._waiting[contest_id]
            return
        questions = [question for unit in group for question in unit.questions]
        call = asyncio.ensure_future(self._call(contest_id, questions))
        self._calls.add(call)
        call.add_done_callback(partial(self._on_reply, loop, contest_id, group))

    def _on_reply(
        self,
        loop: asyncio.AbstractEventLoop,
        contest_id: str,
        group: list[_Unit[Question, Answer]],
        call: asyncio.Future[Read[Answer]],
    ) -> None:
        self._calls.discard(call)
        error = asyncio.CancelledError() if call.cancelled() else call.exception()
        if error:
            if isinstance(error, StoreUnavailable):
                # Those who wait would only find the same, later.
                group += self._waiting[contest_id]
                self._waiting[contest_id].clear()
            _fail(group, error)
        self.size -= sum(unit.size for unit in group)
        self._send(loop, contest_id)
        if error:
            return
        if contest_id in self._waiting:
            # The store is to work while the reply is read: one turn of the loop makes the next
            # call, the one after that sends it.
            loop.call_soon(loop.call_soon, _resolve, group, call.result())
        else:
            _resolve(group, call.result())

    def _take(self, contest_id: str) -> list[_Unit[Question, Answer]]:
        """Take those who wait, as many as one call holds.

        Those whose caller went away are left out; so nothing taken means that nobody waits.
        """
        everybody = self._waiting[contest_id]
        waiting = [unit for unit in everybody if not unit.result.done()]
        if len(waiting) < len(everybody):
            self.size -= sum(unit.size for unit in everybody if unit.result.done())
        size = taken = 0
        for unit in waiting:
            size += unit.size
            if taken and size > self._max_size:
                break
            taken += 1
        self._waiting[contest_id] = waiting[taken:]
        return waiting[:taken]


def _resolve(group: list[_Unit[Question, Answer]], read: Read[Answer]) -> None:
    try:
        answers = read()
    except Exception as error:  # noqa: BLE001 - the callers get it, whatever it is
        _fail(group, error)
        return
    first = 0
    for unit in group:
        after = first + len(unit.questions)
        if not unit.result.done():
            try:
                unit.result.set_result(unit.take(answers[first:after]))
            except Exception as error:  # noqa: BLE001 - the caller gets it, whatever it is
                unit.result.set_exception(error)
        first = after


def _fail(group: list[_Unit[Question, Answer]], error: BaseException) -> None:
    for unit in group:
        if not unit.result.done():
            unit.result.set_exception(error)
