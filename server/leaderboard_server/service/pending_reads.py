"""Runs reads that wait for the store or their turn, each for one call of a listener.

A listener reports no cancellation, so a read may outlive its call. There are never many such: the
reads of calls that are over are cancelled when there are twice as many reads as there were open
calls before, and when they may keep others out of a queue.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from leaderboard_server.callbacks import Receiver

Result = TypeVar("Result")

FEW_READS = 64
"""Reads up to which none is cancelled."""

_Call: TypeAlias = tuple[Receiver[Any], int]


class PendingReads:
    """Passes the results of reads on to their receivers, until `close`."""

    def __init__(self) -> None:
        self._tasks: dict[asyncio.Task[None], _Call] = {}
        self._max_reads = FEW_READS

    def start(
        self,
        read: Callable[[], Awaitable[Sequence[Result]]],
        receiver: Receiver[Result],
        call: int,
    ) -> None:
        """Pass on what `read` returns or raises; nothing, if it returns nothing."""
        if len(self._tasks) >= self._max_reads:
            self.cancel_closed()
        task = asyncio.create_task(_pass_on(read, receiver, call), name="read")
        self._tasks[task] = receiver, call
        task.add_done_callback(self._on_done)

    async def close(self) -> None:
        """Cancel all reads, once the listener has stopped."""
        for task in (tasks := list(self._tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def cancel_closed(self) -> None:
        """Cancel the reads of calls that are over; they end in the next turn of the loop."""
        tasks, self._tasks = self._tasks, {}
        for task, (receiver, call) in tasks.items():
            if receiver.is_open(call):
                self._tasks[task] = receiver, call
            else:
                task.cancel()
        self._max_reads = max(FEW_READS, 2 * len(self._tasks))

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)


async def _pass_on(
    read: Callable[[], Awaitable[Sequence[Result]]], receiver: Receiver[Result], call: int
) -> None:
    try:
        results = await read()
    except Exception as error:  # noqa: BLE001 - the caller gets it, whatever it is
        receiver.fail(call, error)
    else:
        if results:
            receiver.receive(call, results)
