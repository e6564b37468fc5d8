"""Calls in groups: who waits is answered, whoever else goes away."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from harness.waiting import eventually
from leaderboard_server.board.call_batcher import CallBatcher
from leaderboard_server.domain.errors import StoreUnavailable

CONTEST = "cup"


class Slow:
    """Answers each question with itself, once it is let go on."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.go_on = asyncio.Semaphore(0)

    async def call(self, _contest_id: str, questions: list[int]) -> Callable[[], list[int]]:
        """Take the questions of one call."""
        self.groups.append(questions)
        await self.go_on.acquire()
        return lambda: questions


@pytest.fixture(name="slow")
def _slow() -> Slow:
    """Give a store that is waited for."""
    return Slow()


def ask(batcher: CallBatcher[int, int], *questions: int) -> list[asyncio.Future[list[int]]]:
    """Ask each question by itself."""
    return [batcher.submit(CONTEST, (question,), 1, list) for question in questions]


@pytest.mark.parametrize("gone", range(0, 33, 4))
@pytest.mark.parametrize("oldest", [True, False], ids=["the oldest", "the youngest"])
async def test_who_stays_is_answered(slow: Slow, gone: int, *, oldest: bool) -> None:
    """However many of those who wait go away, as when their deadlines pass."""
    batcher = CallBatcher(slow.call, max_size=100)
    (first,) = ask(batcher, 0)
    await eventually(lambda: bool(slow.groups), "the first call")
    waiting = ask(batcher, *range(1, 33))
    leaving = waiting[:gone] if oldest else waiting[len(waiting) - gone :]
    for answer in leaving:
        answer.cancel()
    for _ in waiting:
        slow.go_on.release()

    staying = [answer for answer in waiting if answer not in leaving]
    async with asyncio.timeout(5):
        answers = await asyncio.gather(first, *staying)
        await batcher.close()
    assert [question for (question,) in answers] == sorted(question for (question,) in answers)
    assert len(answers) == 1 + len(waiting) - gone
    assert sum(map(len, slow.groups)) == len(answers)


async def test_all_may_go_away_before_anything_is_sent(slow: Slow) -> None:
    """Then nothing is sent, and the lane serves those who come later."""
    batcher = CallBatcher(slow.call, max_size=100)
    for answer in ask(batcher, 1, 2, 3):
        answer.cancel()
    await batcher.close()
    assert not slow.groups

    slow.go_on.release()
    (later,) = ask(batcher, 4)
    assert await later == [4]


async def test_what_is_asked_during_a_call_shares_the_next(slow: Slow) -> None:
    """So nobody waits longer than for the call in flight."""
    batcher = CallBatcher(slow.call, max_size=100)
    (first,) = ask(batcher, 0)
    await eventually(lambda: bool(slow.groups), "the first call")
    waiting = ask(batcher, *range(1, 17))
    for _ in range(2):
        slow.go_on.release()
    await asyncio.gather(first, *waiting)
    assert slow.groups == [[0], list(range(1, 17))]


async def test_a_result_that_can_not_be_made_is_its_own_callers_error(slow: Slow) -> None:
    """Those who share the call get theirs."""

    def refuse(_answers: Sequence[int]) -> int:
        raise ValueError("none of mine")

    batcher = CallBatcher(slow.call, max_size=100)
    slow.go_on.release()
    bad, good = batcher.submit(CONTEST, (1,), 1, refuse), batcher.submit(CONTEST, (2,), 1, list)
    assert await good == [2]
    with pytest.raises(ValueError, match="none of mine"):
        await bad


async def test_a_call_holds_no_more_than_it_may(slow: Slow) -> None:
    """Units are never split, so one that is as large goes alone."""
    batcher = CallBatcher(slow.call, max_size=10)
    sizes = [10, 6, 5, 5, 1]
    answers = [batcher.submit(CONTEST, (size,), size, list) for size in sizes]
    for _ in sizes:
        slow.go_on.release()
    await asyncio.gather(*answers)
    assert slow.groups == [[10], [6], [5, 5], [1]]


async def test_those_who_wait_are_not_kept_when_the_store_is_away() -> None:
    """They would only find the same, later."""
    begun, away = asyncio.Event(), asyncio.Event()

    async def call(_contest_id: str, _questions: list[int]) -> Callable[[], list[int]]:
        begun.set()
        await away.wait()
        raise StoreUnavailable

    batcher = CallBatcher(call, max_size=100)
    (first,) = ask(batcher, 0)
    await begun.wait()
    waiting = ask(batcher, *range(20))
    away.set()
    results = await asyncio.gather(first, *waiting, return_exceptions=True)
    assert {type(result) for result in results} == {StoreUnavailable}
