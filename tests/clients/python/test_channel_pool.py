"""The pool of a client's channels: which attempt gets which channel, and when one is closed."""

import pytest

from clients.python.clock import Clock
from clients.python.scripted_channel import scripted_channel
from leaderboard_client import Cancelled
from leaderboard_client.channel_pool import IDLE_LIMIT, ChannelPool


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="pool")
def _pool(clock: Clock) -> ChannelPool[object]:
    return ChannelPool(scripted_channel, clock)


def test_attempts_share_one_channel(pool: ChannelPool[object]) -> None:
    """One channel serves all attempts, at once and one after the other."""
    first, second = pool.acquire(), pool.acquire()

    assert first is second
    assert pool.release(first, answered=True) is None
    assert pool.release(second, answered=True) is None
    assert pool.acquire() is first


def test_a_dead_channel_is_replaced(pool: ChannelPool[object], clock: Clock) -> None:
    """After an unanswered attempt without a response for 3 s the next one gets a new channel."""
    dead, other = pool.acquire(), pool.acquire()
    clock.now += IDLE_LIMIT

    assert pool.release(dead, answered=False) is None
    assert pool.acquire() is not dead
    assert pool.release(other, answered=False) is dead.channel


def test_one_lost_response_does_not_replace_a_channel(
    pool: ChannelPool[object], clock: Clock
) -> None:
    """A channel on which other attempts are answered is kept."""
    busy, lost = pool.acquire(), pool.acquire()
    clock.now += IDLE_LIMIT
    pool.release(busy, answered=True)
    clock.now += IDLE_LIMIT / 2

    assert pool.release(lost, answered=False) is None
    assert pool.acquire() is lost


def test_closing_returns_all_channels(pool: ChannelPool[object], clock: Clock) -> None:
    """A closed pool gives out no channels; those to be closed are returned once."""
    dead, used = pool.acquire(), pool.acquire()
    clock.now += IDLE_LIMIT
    pool.release(dead, answered=False)
    current = pool.acquire()

    assert set(pool.close()) == {dead.channel, current.channel}
    assert pool.release(used, answered=True) is None
    with pytest.raises(Cancelled):
        pool.acquire()
