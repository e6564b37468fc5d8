"""Retry decisions: when another attempt follows, and which error ends the call."""

import pytest

from clients.python.clock import Clock
from leaderboard_client import DeadlineExceeded, LeaderboardError, Overloaded, Unavailable
from leaderboard_client.retrying import Retrying

TIMED_OUT = DeadlineExceeded("Deadline Exceeded")
AWAY = Unavailable("away", reason="ERROR_REASON_STORE_UNAVAILABLE")
OVERLOADED = Overloaded("full", reason="ERROR_REASON_OVERLOADED", retry_after=2.0)


def _retrying(clock: Clock, timeout: float = 10.0) -> Retrying:
    return Retrying(timeout, clock=clock, randomness=lambda: 0.0)


def test_attempts_share_the_time_of_the_call() -> None:
    """An attempt may take four seconds, and no longer than the call has left."""
    clock = Clock()
    retrying = _retrying(clock, 5.0)

    assert retrying.attempt_timeout() == 4.0
    clock.now += 3.0
    assert retrying.attempt_timeout() == 2.0


def test_pauses_grow_and_honour_the_server() -> None:
    """Each failure makes the next pause longer; it is at least what the server requests."""
    retrying = _retrying(Clock())

    assert [retrying.pause_after(AWAY) for _ in range(3)] == [0.1, 0.2, 0.4]
    assert retrying.pause_after(OVERLOADED) == 2.0


@pytest.mark.parametrize(
    "code", ["UNAVAILABLE", "CANCELLED", "UNKNOWN", "INTERNAL", "ABORTED", "DEADLINE_EXCEEDED"]
)
def test_a_broken_connection_is_tried_again(code: str) -> None:
    """A status that gRPC itself gives to a broken call is no answer of the service."""
    assert _retrying(Clock()).pause_after(LeaderboardError("broken", code=code)) > 0


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("INTERNAL", "ERROR_REASON_INTERNAL"),
        ("RESOURCE_EXHAUSTED", "ERROR_REASON_MESSAGE_TOO_LARGE"),
        ("PERMISSION_DENIED", ""),
        ("UNIMPLEMENTED", ""),
    ],
)
def test_an_answer_is_final(code: str, reason: str) -> None:
    """A final answer of the service is raised at once."""
    with pytest.raises(LeaderboardError, match="no") as raised:
        _retrying(Clock()).pause_after(LeaderboardError("no", code=code, reason=reason))

    assert (raised.value.code, raised.value.reason) == (code, reason)


@pytest.mark.parametrize(("last", "kind"), [(AWAY, Unavailable), (OVERLOADED, Overloaded)])
def test_no_pause_passes_the_deadline(last: LeaderboardError, kind: type[LeaderboardError]) -> None:
    """If the next attempt would come too late, the last error is raised at once."""
    clock = Clock()
    retrying = _retrying(clock)
    clock.now += 9.95

    with pytest.raises(kind) as raised:
        retrying.pause_after(last)

    assert raised.value.retry_after == last.retry_after


def test_used_up_time_is_a_deadline_with_its_cause() -> None:
    """After attempts without an answer the error says so; earlier errors are its causes."""
    clock = Clock()
    retrying = _retrying(clock)
    retrying.pause_after(AWAY)
    clock.now += 4.0
    retrying.pause_after(TIMED_OUT)
    clock.now += 6.0

    with pytest.raises(DeadlineExceeded, match="no response within 10 s") as raised:
        retrying.pause_after(TIMED_OUT)

    assert isinstance(raised.value.__cause__, Unavailable)


def test_an_error_keeps_those_of_earlier_attempts() -> None:
    """Each kind of earlier error is a cause, once, the latest first."""
    clock = Clock()
    retrying = _retrying(clock)
    broken = LeaderboardError("Stream removed")
    for error in (TIMED_OUT, AWAY, TIMED_OUT, broken, OVERLOADED):
        retrying.pause_after(error)
    clock.now += 9.0

    with pytest.raises(Overloaded) as raised:
        retrying.pause_after(OVERLOADED)

    chain: list[str] = []
    cause: BaseException | None = raised.value
    while cause is not None:
        chain.append(str(cause))
        cause = cause.__cause__
    assert chain == ["full", "Stream removed", "no response within an attempt", "away"]


def test_another_server_is_tried_at_once() -> None:
    """After a lost server each other one has an attempt at once; then a pause is due, and so on."""
    retrying = Retrying(10.0, alternatives=2, clock=Clock(), randomness=lambda: 0.0)
    gone, silent = Unavailable("refused"), DeadlineExceeded("Deadline Exceeded")

    assert [retrying.pause_after(gone) for _ in range(3)] == [0.0, 0.0, 0.1]
    assert [retrying.pause_after(silent) for _ in range(3)] == [0.0, 0.0, 0.2]


def test_a_server_that_drains_is_not_waited_for() -> None:
    """Another server is tried at once; without one its delay gives way to the ordinary pauses."""
    draining = Unavailable("drains", reason="ERROR_REASON_SERVER_DRAINING", retry_after=1.0)
    alone = _retrying(Clock())
    of_two = Retrying(10.0, alternatives=1, clock=Clock(), randomness=lambda: 0.0)

    assert [alone.pause_after(draining) for _ in range(2)] == [0.1, 0.2]
    assert [of_two.pause_after(draining) for _ in range(2)] == [0.0, 0.1]


def test_a_server_that_restarts_is_soon_tried_again() -> None:
    """The pauses after attempts without a server stay short, however many there are."""
    retrying = _retrying(Clock(), 60.0)
    refused = Unavailable("Connection refused")

    pauses = [retrying.pause_after(refused) for _ in range(9)]

    assert pauses == [0.1, 0.2, *[0.4] * 7]


@pytest.mark.parametrize("error", [AWAY, OVERLOADED])
def test_errors_of_the_whole_service_are_waited_for(error: LeaderboardError) -> None:
    """While the store is away or a server is overloaded, no other server is called at once."""
    retrying = Retrying(10.0, alternatives=1, clock=Clock(), randomness=lambda: 0.0)

    assert retrying.pause_after(error) > 0.0


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan")])
def test_a_call_needs_time(timeout: float) -> None:
    """A timeout of 0 or less is a mistake of the caller."""
    with pytest.raises(ValueError, match="timeout"):
        Retrying(timeout)
