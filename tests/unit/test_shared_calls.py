"""Calls that several callers share: one for each key, as long as anybody waits for it."""

import asyncio

import pytest

from leaderboard_server.tasks import SharedCalls


class Work:
    """
    Calls that end when the test allows it.

    Attributes:
        begun: How many calls have begun.
        cancelled: How many were cancelled.
    """

    def __init__(self) -> None:
        self.begun = 0
        self.cancelled = 0
        self.gate = asyncio.Event()
        self.error: Exception | None = None

    async def run(self) -> int:
        """Return the number of the call, or raise the error."""
        self.begun += 1
        number = self.begun
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error:
            raise self.error
        return number


async def turn() -> None:
    """Let all tasks go on until they wait."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_callers_of_a_key_share_a_call() -> None:
    """Those of another key don't, and after its end another one begins."""
    work, calls = Work(), SharedCalls(name="test")
    waiting = [asyncio.create_task(calls.run(key, work.run)) for key in ("a", "a", "b", "a")]
    await turn()
    work.gate.set()

    assert await asyncio.gather(*waiting) == [1, 1, 2, 1]
    assert await calls.run("a", work.run) == 3


async def test_caller_that_is_cancelled_leaves_the_call_to_others() -> None:
    """Without any caller it is cancelled, and the next one begins another."""
    work, calls = Work(), SharedCalls(name="test")
    first, second = (asyncio.create_task(calls.run("a", work.run)) for _ in range(2))
    await turn()

    first.cancel()
    await turn()
    assert (first.cancelled(), work.cancelled) == (True, 0)
    second.cancel()
    await turn()
    assert (second.cancelled(), work.cancelled) == (True, 1)

    work.gate.set()
    assert await calls.run("a", work.run) == 2


async def test_caller_that_joins_no_call() -> None:
    """It begins another one, which later callers join; the earlier one goes on."""
    work, calls = Work(), SharedCalls(name="test")
    waiting = [
        asyncio.create_task(calls.run("a", work.run, alone=alone)) for alone in (False, True, False)
    ]
    await turn()
    work.gate.set()

    assert await asyncio.gather(*waiting) == [1, 2, 2]


async def test_error_of_a_call() -> None:
    """All its callers get it, and the next one begins another call."""
    work, calls = Work(), SharedCalls(name="test")
    work.error = ValueError("no")
    waiting = [asyncio.create_task(calls.run("a", work.run)) for _ in range(3)]
    await turn()
    work.gate.set()

    errors = await asyncio.gather(*waiting, return_exceptions=True)
    assert errors == [work.error] * 3
    with pytest.raises(ValueError, match="no"):
        await calls.run("a", work.run)
    work.error = None
    assert await calls.run("a", work.run) == 3
