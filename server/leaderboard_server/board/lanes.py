"""Calls in groups: what is asked while a call of its contest is under way shares the next.

So nobody waits longer than for the call in flight, there is no timer, and a contest has one call
under way at a time.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from leaderboard_server.domain.errors import StoreUnavailable

Question = TypeVar("Question")
Answer = TypeVar("Answer")

Read: TypeAlias = Callable[[], Sequence[Answer]]
"""Makes answers of what the store replied, in the order of the questions."""

FEW = 8
"""How many waiting units are not worth two calls."""


class _Unit(NamedTuple, Generic[Question, Answer]):
    """Questions that were asked together: they share a call."""

    questions: Sequence[Question]
    size: int
    answers: asyncio.Future[list[Answer]]


class Lanes(Generic[Question, Answer]):
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
        self._lanes: dict[str, deque[_Unit[Question, Answer]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def ask(
        self, contest_id: str, questions: Sequence[Question], size: int
    ) -> asyncio.Future[list[Answer]]:
        """Return the answers to questions of one contest, of a size up to `max_size`.

        A caller that goes away while its questions wait takes them with it.

        Raises:
            StoreUnavailable: The store is away.
        """
        loop = self._loop = self._loop or asyncio.get_running_loop()
        answers: asyncio.Future[list[Answer]] = loop.create_future()
        lane = self._lanes.get(contest_id)
        if lane is None:
            lane = self._lanes[contest_id] = deque()
            task = loop.create_task(self._serve(contest_id, lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        lane.append(_Unit(questions, size, answers))
        return answers

    async def close(self) -> None:
        """Wait until everything that was asked is answered."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _serve(self, contest_id: str, lane: deque[_Unit[Question, Answer]]) -> None:
        try:
            group = self._take(lane)
            if not group:
                return
            reply: Awaitable[Read[Answer]] = self._send(contest_id, group)
            while group:
                try:
                    read = await reply
                except Exception as error:  # noqa: BLE001 - the callers get it, whatever it is
                    if isinstance(error, StoreUnavailable):
                        # Those who wait would only find the same, later.
                        group += lane
                        lane.clear()
                    _fail(group, error)
                    read = None
                following = self._take(lane)
                if following:
                    reply = asyncio.ensure_future(self._send(contest_id, following))
                    await asyncio.sleep(0)  # the store is to work while the reply is read
                if read:
                    _resolve(group, read)
                group = following
        finally:
            del self._lanes[contest_id]

    async def _send(self, contest_id: str, group: list[_Unit[Question, Answer]]) -> Read[Answer]:
        questions = [question for unit in group for question in unit.questions]
        return await self._call(contest_id, questions)

    def _take(self, lane: deque[_Unit[Question, Answer]]) -> list[_Unit[Question, Answer]]:
        """Take half of the waiting units, or as many as one call holds, or all if they are few.

        Those whose caller went away are left out; so nothing taken means that nobody waits.

        The other half is what the store works on while the answers to the first are given; if all
        went together, the store and this server would wait for each other in turn.
        """
        waiting = [unit for unit in lane if not unit.answers.done()]
        lane.clear()
        count, size = len(waiting), 0
        most = count if count <= FEW else count - count // 2
        taken = 0
        for unit in waiting[:most]:
            size += unit.size
            if taken and size > self._max_size:
                break
            taken += 1
        lane.extend(waiting[taken:])
        return waiting[:taken]


def _resolve(group: list[_Unit[Question, Answer]], read: Read[Answer]) -> None:
    try:
        answers = iter(read())
    except Exception as error:  # noqa: BLE001 - the callers get it, whatever it is
        _fail(group, error)
        return
    for unit in group:
        own = [next(answers) for _ in unit.questions]
        if not unit.answers.done():
            unit.answers.set_result(own)


def _fail(group: list[_Unit[Question, Answer]], error: Exception) -> None:
    for unit in group:
        if not unit.answers.done():
            unit.answers.set_exception(error)
