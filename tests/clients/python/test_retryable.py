"""The rule for errors that may be gone with the next attempt; breaks of real connections."""

from collections.abc import Callable

import pytest
from h2.errors import ErrorCodes

from clients.python.any_client import CLIENTS, AnyClient, call
from clients.python.attempts import end_calls_once
from clients.python.breaking_server import (
    Break,
    BreakingServer,
    end_after_headers,
    end_of_connection,
    garbage,
    goaway,
    reset_of_connection,
    reset_of_stream,
)
from leaderboard_client import Cancelled, DeadlineExceeded, LeaderboardError, Unavailable

BREAKS = {
    "end": end_of_connection,
    "reset": reset_of_connection,
    "end after headers": end_after_headers,
    "garbage": garbage,
    "goaway": goaway(ErrorCodes.NO_ERROR),
    "goaway, too many pings": goaway(ErrorCodes.ENHANCE_YOUR_CALM),
    "stream refused": reset_of_stream(ErrorCodes.REFUSED_STREAM),
    "stream cancelled": reset_of_stream(ErrorCodes.CANCEL),
    "stream failed": reset_of_stream(ErrorCodes.INTERNAL_ERROR),
}


@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS)
@pytest.mark.parametrize("kind", CLIENTS, ids=["sync", "async"])
async def test_a_broken_connection_is_retryable(
    kind: type[AnyClient], broken: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However a connection or stream breaks, the call is tried again and its error is retryable."""
    async with BreakingServer(broken) as server:
        end_calls_once(monkeypatch, lambda _failed: server.calls > 1)
        client: AnyClient = kind(server.address)
        with pytest.raises(LeaderboardError) as raised:
            await call(client, "get_top_users", "cup")
        await call(client, "close")

    assert raised.value.retryable
    assert not raised.value.reason


@pytest.mark.parametrize("kind", CLIENTS, ids=["sync", "async"])
async def test_a_call_without_a_response_is_retryable(kind: type[AnyClient]) -> None:
    """A server that accepts a call and does not respond leads to a retryable DeadlineExceeded."""
    async with BreakingServer(lambda *_: None) as server:
        client: AnyClient = kind(server.address)
        with pytest.raises(DeadlineExceeded) as raised:
            await call(client, "get_top_users", "cup", timeout=0.2)
        await call(client, "close")

    assert raised.value.retryable


@pytest.mark.usefixtures("two_attempts")
@pytest.mark.parametrize("kind", CLIENTS, ids=["sync", "async"])
async def test_no_server_is_retryable(kind: type[AnyClient]) -> None:
    """An address without a server leads to a retryable Unavailable."""
    client: AnyClient = kind("127.0.0.1:1")
    with pytest.raises(Unavailable) as raised:
        await call(client, "get_top_users", "cup")
    await call(client, "close")

    assert raised.value.retryable


@pytest.mark.parametrize("kind", CLIENTS, ids=["sync", "async"])
async def test_a_closed_client_is_not_retryable(kind: type[AnyClient]) -> None:
    """A call of a client that was closed fails with Cancelled, and would fail again."""
    client: AnyClient = kind("127.0.0.1:1")
    await call(client, "close")
    with pytest.raises(Cancelled) as raised:
        await call(client, "get_top_users", "cup")

    assert not raised.value.retryable


@pytest.mark.parametrize(
    ("make", "retryable"),
    [
        (lambda: LeaderboardError("", code="CANCELLED"), True),
        (lambda: LeaderboardError("", code="INTERNAL"), True),
        (lambda: LeaderboardError("", code="INTERNAL", reason="ERROR_REASON_INTERNAL"), False),
        (lambda: LeaderboardError("", code="RESOURCE_EXHAUSTED"), False),
        (lambda: LeaderboardError("", code="RESOURCE_EXHAUSTED", retry_after=0.0), True),
        (lambda: LeaderboardError("", code="PERMISSION_DENIED"), False),
        (lambda: LeaderboardError("", code="UNIMPLEMENTED"), False),
        (lambda: Cancelled("", retry_after=1.0), False),
    ],
)
def test_the_service_s_own_errors(make: Callable[[], LeaderboardError], retryable: bool) -> None:  # noqa: FBT001
    """A status with a reason is the service's own, and final unless it says when to try again."""
    assert make().retryable is retryable
