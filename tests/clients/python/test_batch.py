"""A batch and the queue that it comes from: which updates are sent again, and for how long."""

import pytest

from clients.python.clock import Clock
from leaderboard_client import (
    Cancelled,
    DeadlineExceeded,
    LeaderboardError,
    NotFound,
    Overloaded,
    ScoreUpdate,
    Unavailable,
)
from leaderboard_client.batch import Batch, PendingUpdate, RefusedUpdate
from leaderboard_client.pending_queue import BufferOptions, PendingQueue

AWAY = Unavailable("away")


def _updates(count: int) -> list[ScoreUpdate]:
    return [ScoreUpdate("chess", str(number), 1) for number in range(count)]


def _batch(clock: Clock, *updates: ScoreUpdate, deadline: float = 60.0) -> Batch:
    return Batch([PendingUpdate(update, deadline) for update in updates], clock)


def _queue(clock: Clock, *updates: ScoreUpdate, batch_size: int = 1) -> PendingQueue:
    """Return a queue to which one update was added each second, from 0 on."""
    options = BufferOptions(max_pending=10, batch_size=batch_size, linger=0.0)
    queue = PendingQueue(options, clock)
    for number, update in enumerate(updates):
        clock.now = float(number)
        queue.add(update)
    return queue


def _taken(queue: PendingQueue) -> Batch:
    batch = queue.take()
    assert batch
    return batch


def _reported(queue: PendingQueue) -> list[RefusedUpdate]:
    """Report all refused updates, and return them."""
    reports = []
    while refused := queue.next_unreported():
        reports.append(refused)
        queue.reported()
    return reports


def test_a_batch_that_is_too_large_is_halved() -> None:
    """A batch that is too large is sent in halves, down to a single update that is too large."""
    updates = _updates(5)
    batch = _batch(Clock(), *updates)
    too_large = LeaderboardError("too large", code="RESOURCE_EXHAUSTED")

    sizes = []
    while not batch.is_done:
        sizes.append(len(batch.portion()[0]))
        batch.failed(too_large)

    assert sizes == [5, 2, 1, 1, 1, 1, 1]
    assert [update for update, _ in batch.refused] == updates


def test_an_update_past_its_deadline_is_refused() -> None:
    """An update that still fails at its deadline is refused with its last error."""
    clock = Clock()
    batch = _batch(clock, *_updates(1))

    assert 0 < batch.answered([AWAY]) < 1
    assert not batch.is_done
    clock.now = 59.99
    assert batch.answered([Unavailable("still away")]) == 0

    assert batch.is_done
    [(_, error)] = batch.refused
    assert str(error) == "still away"


@pytest.mark.parametrize(
    "error",
    [
        AWAY,
        Overloaded("full", reason="R", retry_after=0.1),
        DeadlineExceeded("no answer"),
        LeaderboardError("Stream removed", code="UNKNOWN"),
    ],
    ids=lambda error: error.code,
)
def test_each_update_of_a_batch_has_its_own_deadline(error: LeaderboardError) -> None:
    """A failure of the whole batch refuses only the updates past their deadlines."""
    clock = Clock()
    ada, bob = _updates(2)
    batch = Batch([PendingUpdate(ada, 10.0), PendingUpdate(bob, 60.0)], clock)

    assert batch.portion() == ([ada, bob], 10.0)
    clock.now = 10.0
    assert 0 < batch.failed(error) < 1

    assert batch.refused == [(ada, error)]
    assert batch.portion() == ([bob], 50.0)


@pytest.mark.parametrize(
    "error",
    [
        LeaderboardError("no", code="PERMISSION_DENIED"),
        LeaderboardError("no", code="INTERNAL", reason="R"),
        Cancelled("the client was closed"),
    ],
    ids=str,
)
def test_a_final_failure_refuses_the_batch_at_once(error: LeaderboardError) -> None:
    """A batch that the service refuses for good is not sent again."""
    [ada] = _updates(1)
    batch = _batch(Clock(), ada)

    assert batch.failed(error) == 0

    assert [(update, str(why)) for update, why in batch.refused] == [(ada, str(error))]
    assert batch.is_done


def test_an_error_of_the_token_is_transient() -> None:
    """An attempt that fails in the caller's own code is repeated until the deadline."""
    clock = Clock()
    [ada] = _updates(1)
    batch = _batch(clock, ada)

    assert 0 < batch.failed(OSError("no token")) < 1
    assert batch.portion()[0] == [ada]
    clock.now = 60.0
    assert batch.failed(OSError("still no token")) == 0

    assert [(update, str(why)) for update, why in batch.refused] == [(ada, "still no token")]


def test_a_retried_update_keeps_its_order() -> None:
    """Updates that are sent again go before those not sent yet."""
    ada, bob, eve = _updates(3)
    batch = _batch(Clock(), ada, bob, eve)
    batch.answered([AWAY, NotFound("no"), AWAY])

    assert batch.portion()[0] == [ada, eve]


def test_a_response_with_too_few_results_settles_nothing() -> None:
    """If there is not one result for each update, all updates stay pending."""
    ada, bob = _updates(2)
    batch = _batch(Clock(), ada, bob)

    with pytest.raises(ValueError, match="shorter"):
        batch.answered([NotFound("no")])

    assert (batch.portion()[0], batch.refused, batch.acknowledged) == ([ada, bob], [], 0)


def test_a_failed_batch_refuses_queued_updates_past_their_deadlines() -> None:
    """With a batch that is given up, queued updates that are as old are refused untried."""
    clock = Clock()
    ada, bob, eve = _updates(3)
    queue = _queue(clock, ada, bob, eve)
    batch = _taken(queue)
    clock.now = 61.0
    batch.failed(AWAY)

    queue.settle(batch)
    assert _reported(queue) == [(ada, AWAY), (bob, AWAY)]
    assert _taken(queue).portion()[0] == [eve]
    assert queue.refused == 2


def test_a_slow_service_gets_updates_past_their_deadlines() -> None:
    """While the service responds, an update past its deadline is still tried once."""
    clock = Clock()
    ada, bob = _updates(2)
    queue = _queue(clock, ada, bob)
    batch = _taken(queue)
    batch.failed(AWAY)
    clock.now = 100.0
    batch.answered([NotFound("no")])

    queue.settle(batch)
    updates, seconds = _taken(queue).portion()
    assert updates == [bob]
    assert seconds >= 1.0


def test_a_batch_given_up_in_flight_is_settled_once() -> None:
    """A response after the batch was given up does not change the reported updates."""
    ada, bob = _updates(2)
    queue = _queue(Clock(), ada, bob)
    batch = _taken(queue)
    error = Cancelled("closed")

    queue.give_up("is closed", error)
    assert queue.next_unreported() == (ada, error)
    batch.answered([NotFound("no")])
    queue.settle(batch)

    assert (queue.refused, queue.acknowledged, queue.is_done) == (2, 0, False)
    assert _reported(queue) == [(ada, error), (bob, error)]
    assert queue.is_done


def test_nothing_is_sent_after_giving_up() -> None:
    """Given-up updates are reported once, and neither sent nor lost."""
    ada, bob = _updates(2)
    queue = _queue(Clock(), ada, bob)
    batch = _taken(queue)
    error = Cancelled("closed")
    queue.give_up("is closed", error)

    assert queue.take() is None
    queue.settle(batch)
    assert _reported(queue) == [(ada, error), (bob, error)]
