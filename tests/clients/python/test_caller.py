"""Attempts of the synchronous caller, and what each answer leads to."""

import itertools
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

import pytest
from google.rpc import code_pb2

from cli.refusals import STORE_AWAY, refusal
from clients.python.scripted_channel import Attempt, scripted_channel
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import Cancelled, NotFound, Overloaded, UpdateResult, channel_pool
from leaderboard_client.addresses import Server
from leaderboard_client.caller import Caller
from leaderboard_client.calls import Call

CALL: Call[UpdateResult] = Call(
    "UpdateScore",
    pb.UpdateScoreRequest(contest_id="chess", user_id="ada", points=5, request_id="one"),
    UpdateResult.decode,
)
SERVER = Server("server", 1)
RESPONSE = pb.UpdateScoreResponse(user=pb.RankedUser(user_id="ada", score=5, rank=1))
FULL = refusal(code_pb2.RESOURCE_EXHAUSTED, "full", "ERROR_REASON_OVERLOADED", retry_after=0.01)
NO_USER = refusal(code_pb2.NOT_FOUND, "no user", "ERROR_REASON_USER_NOT_FOUND")
TIMED_OUT = refusal(code_pb2.DEADLINE_EXCEEDED, "Deadline Exceeded")


class Calling:
    """A caller, the channels that it opens, and a thread that makes its calls."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        tokens = map(str, itertools.count(1))
        self.caller = Caller([SERVER], self._connect, token=lambda: next(tokens), timeout=10.0)
        self.opened: SimpleQueue[Any] = SimpleQueue()
        self._pool = pool

    def start(self) -> Future[UpdateResult]:
        """Start a call."""
        return self._pool.submit(self.caller.make, CALL, None)

    def _connect(self, _server: Server) -> Any:
        channel = scripted_channel()
        self.opened.put(channel)
        return channel


def attempt_on(channel: Any) -> Attempt:
    """Wait for the next attempt on a channel."""
    return Attempt(channel, "UpdateScore")


@pytest.fixture(name="calling")
def _calling() -> Iterator[Calling]:
    """Give a caller."""
    with ThreadPoolExecutor(1) as pool:
        calling = Calling(pool)
        yield calling
        calling.caller.close()


def test_a_response_is_decoded(calling: Calling) -> None:
    """A call that is answered returns what the response says."""
    made = calling.start()
    attempt = attempt_on(calling.opened.get())
    attempt.answer(RESPONSE)

    assert attempt.request == CALL.request
    assert made.result().user.score == 5


def test_a_transient_error_is_followed_by_another_attempt(calling: Calling) -> None:
    """The next attempt sends the same request on the same channel, with a token of its own."""
    made = calling.start()
    channel = calling.opened.get()
    first = attempt_on(channel)
    first.fail(STORE_AWAY)
    second = attempt_on(channel)
    second.answer(RESPONSE)

    assert made.result().user.score == 5
    assert first.request == second.request
    tokens = [attempt.metadata["authorization"] for attempt in (first, second)]
    assert tokens == ["Bearer 1", "Bearer 2"]
    assert calling.opened.empty()


def test_a_final_error_ends_the_call(calling: Calling) -> None:
    """It is raised at once, with its details; the errors of earlier attempts are its causes."""
    made = calling.start()
    channel = calling.opened.get()
    attempt_on(channel).fail(FULL)
    attempt_on(channel).fail(NO_USER)

    with pytest.raises(NotFound, match="no user") as raised:
        made.result()
    assert raised.value.reason == "ERROR_REASON_USER_NOT_FOUND"
    assert type(raised.value.__cause__) is Overloaded


def test_an_unanswered_attempt_on_an_idle_channel_costs_the_channel(
    calling: Calling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After it the call goes on over another channel."""
    monkeypatch.setattr(channel_pool, "IDLE_LIMIT", 0.0)
    made = calling.start()
    attempt_on(calling.opened.get()).fail(TIMED_OUT)
    attempt_on(calling.opened.get()).answer(RESPONSE)

    assert made.result().user.score == 5


def test_closing_ends_the_pause_between_two_attempts(calling: Calling) -> None:
    """A call that waits for its next attempt raises Cancelled when its caller is closed."""
    made = calling.start()
    attempt_on(calling.opened.get()).fail(
        refusal(code_pb2.UNAVAILABLE, "later", "R", retry_after=5.0)
    )
    calling.caller.close()

    with pytest.raises(Cancelled):
        made.result()


def test_closing_ends_an_attempt_in_flight(calling: Calling) -> None:
    """A call whose channel is closed with its caller raises Cancelled, whatever gRPC says."""
    made = calling.start()
    attempt = attempt_on(calling.opened.get())
    calling.caller.close()
    attempt.fail(refusal(code_pb2.CANCELLED, "Channel closed!"))

    with pytest.raises(Cancelled):
        made.result()
