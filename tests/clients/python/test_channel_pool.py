"""The pool of a client's channels: which attempt gets which channel, and when one is closed."""

from collections import Counter
from collections.abc import Callable

import pytest

from clients.python.clock import Clock
from clients.python.scripted_channel import scripted_channel
from leaderboard_client import Cancelled
from leaderboard_client.addresses import Server
from leaderboard_client.channel_pool import CONNECT_LIMIT, IDLE_LIMIT, ChannelPool, Outcome

ANSWERED, UNANSWERED, LOST = Outcome.ANSWERED, Outcome.UNANSWERED, Outcome.LOST
THREE = [Server(name, 1) for name in "abc"]


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="pool")
def _pool(clock: Clock) -> ChannelPool[object]:
    return ChannelPool(THREE[:1], lambda _: scripted_channel(), lambda _: lambda: True, clock)


@pytest.fixture(name="group")
def _group(clock: Clock) -> ChannelPool[object]:
    """Give a pool for a DNS name."""
    servers = [Server("name", 1, is_group=True)]
    return ChannelPool(servers, lambda _: scripted_channel(), lambda _: lambda: True, clock)


class Cluster:
    """A pool of three servers, and which of them are connected."""

    def __init__(self) -> None:
        self.connected: set[str] = set()
        self.clock = Clock()
        self.pool: ChannelPool[object] = ChannelPool(
            THREE, self._connect, self._connection_of, self.clock
        )
        self._names: dict[object, str] = {}

    def call(self, outcome: Outcome = ANSWERED, *, hold: float = 0.0) -> str:
        """Make an attempt and return the name of its server."""
        pooled = self.pool.acquire()
        self.pool.release(pooled, outcome, began=self.clock.now, hold=hold)
        return self._names[pooled.channel]

    def _connect(self, server: Server) -> object:
        channel: object = scripted_channel()
        self._names[channel] = server.host
        return channel

    def _connection_of(self, channel: object) -> Callable[[], bool]:
        return lambda: self._names[channel] in self.connected


def test_attempts_share_one_channel(pool: ChannelPool[object]) -> None:
    """One channel to a server serves all attempts, at once and one after the other."""
    first, second = pool.acquire(), pool.acquire()

    assert first is second
    assert pool.release(first, ANSWERED, began=0.0) is None
    assert pool.release(second, ANSWERED, began=0.0) is None
    assert pool.acquire() is first


def test_a_dead_channel_is_replaced(pool: ChannelPool[object], clock: Clock) -> None:
    """After an unanswered attempt without a response for 3 s the next one gets a new channel."""
    dead, other = pool.acquire(), pool.acquire()
    began = clock.now
    clock.now += IDLE_LIMIT

    assert pool.release(dead, UNANSWERED, began=began) is None
    assert pool.acquire() is not dead
    assert pool.release(other, UNANSWERED, began=began) is dead.channel


def test_one_lost_response_does_not_replace_a_channel(
    pool: ChannelPool[object], clock: Clock
) -> None:
    """A channel on which other attempts are answered is kept."""
    busy, lost = pool.acquire(), pool.acquire()
    began = clock.now
    clock.now += IDLE_LIMIT
    pool.release(busy, ANSWERED, began=began)
    clock.now += IDLE_LIMIT / 2

    assert pool.release(lost, UNANSWERED, began=began) is None
    assert pool.acquire() is lost


def _end_early(pool: ChannelPool[object], clock: Clock, *, seconds: float, every: float) -> int:
    """Make 10 attempts that their callers end, and return how many channels they used."""
    used = set()
    for _ in range(10):
        clock.now += every
        ended, began = pool.acquire(), clock.now
        clock.now += seconds
        pool.release(ended, UNANSWERED, began=began)
        used.add(ended)
    return len(used)


def test_attempts_that_end_early_leave_an_idle_channel(
    pool: ChannelPool[object], group: ChannelPool[object], clock: Clock
) -> None:
    """A rare attempt that its caller ends at once does not cost the channel its connection."""
    assert _end_early(pool, clock, seconds=0.1, every=60.0) == 1
    assert _end_early(group, clock, seconds=0.1, every=60.0) == 1


def test_attempts_that_end_early_add_up(
    pool: ChannelPool[object], group: ChannelPool[object], clock: Clock
) -> None:
    """A dead channel is replaced, though no attempt waits for long."""
    assert _end_early(pool, clock, seconds=0.5, every=0.0) == 2
    assert _end_early(group, clock, seconds=0.5, every=0.0) == 2


def test_a_dead_server_of_a_name_is_noticed_between_answers(
    group: ChannelPool[object], clock: Clock
) -> None:
    """Short attempts on a dead connection add up, though every other one is answered."""
    used = set()
    for outcome in 8 * (UNANSWERED, ANSWERED):
        pooled, began = group.acquire(), clock.now
        clock.now += 0.5
        group.release(pooled, outcome, began=began)
        used.add(pooled)
    assert len(used) == 2


def test_a_channel_of_several_servers_is_replaced_if_one_is_dead(
    group: ChannelPool[object], clock: Clock
) -> None:
    """On the channel of a DNS name the responses of others don't hide a dead connection."""
    busy, lost = group.acquire(), group.acquire()
    began = clock.now
    clock.now += IDLE_LIMIT
    group.release(busy, ANSWERED, began=began)

    assert group.release(lost, UNANSWERED, began=began) is lost.channel
    assert group.acquire() is not lost


def test_closing_returns_all_channels(pool: ChannelPool[object], clock: Clock) -> None:
    """A closed pool gives out no channels; those to be closed are returned once."""
    dead, used = pool.acquire(), pool.acquire()
    began = clock.now
    clock.now += IDLE_LIMIT
    pool.release(dead, UNANSWERED, began=began)
    current = pool.acquire()

    assert set(pool.close()) == {dead.channel, current.channel}
    assert pool.release(used, ANSWERED, began=began) is None
    with pytest.raises(Cancelled):
        pool.acquire()


def test_servers_take_turns() -> None:
    """Attempts go to all servers that are connected, in turn."""
    cluster = Cluster()
    cluster.connected = {"a", "b", "c"}

    called = [cluster.call() for _ in range(9)]

    assert sorted(called[:3]) == ["a", "b", "c"]
    assert called[:3] * 3 == called


def test_a_server_that_is_lost_gets_no_attempts() -> None:
    """While one server is away the others share its turns evenly; it is back once connected."""
    cluster = Cluster()
    cluster.connected = {"a", "b", "c"}
    lost = cluster.call(LOST)
    cluster.connected.discard(lost)

    called = [cluster.call() for _ in range(12)]
    assert Counter(called) == dict.fromkeys({"a", "b", "c"} - {lost}, 6)

    cluster.connected.add(lost)
    assert lost in [cluster.call() for _ in range(3)]


def test_a_server_that_drains_is_left_alone_for_a_while() -> None:
    """It gets no attempts for as long as it said, although its connection is still there."""
    cluster = Cluster()
    cluster.connected = {"a", "b", "c"}
    draining = cluster.call(LOST, hold=1.0)

    assert draining not in [cluster.call() for _ in range(6)]

    cluster.clock.now += 1.0
    assert draining in [cluster.call() for _ in range(3)]


def test_all_servers_are_tried_while_none_is_up() -> None:
    """Attempts go to each server in turn, and give one that is not connected only a second."""
    cluster = Cluster()

    assert sorted(cluster.call(LOST) for _ in range(3)) == ["a", "b", "c"]
    assert cluster.pool.acquire().attempt_limit == CONNECT_LIMIT


def test_a_response_proves_that_a_server_is_up() -> None:
    """A server that responded gets all attempts while the others are away, with all their time."""
    cluster = Cluster()
    up = cluster.call(ANSWERED)

    assert {cluster.call() for _ in range(4)} == {up}
    assert cluster.pool.acquire().attempt_limit > CONNECT_LIMIT
