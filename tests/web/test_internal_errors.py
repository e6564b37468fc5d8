"""Defects of the gateway are logged under an incident, whose name is all that callers see."""

from typing import Any

import orjson
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from leaderboard_web.internal_errors import InternalErrors

SCOPE = {"type": "http", "method": "GET", "path": "/", "headers": []}


async def _never() -> Message:
    raise AssertionError


async def test_a_defect_is_shown_by_its_incident() -> None:
    """The body has the incident of the log, and nothing of the exception."""

    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("secret")

    with capture_logs() as logs:
        start, body = await _sent(broken)
    problem = orjson.loads(body["body"])
    (event,) = logs
    assert (event["event"], event["log_level"]) == ("internal_error", "error")
    assert str(event["exc_info"]) == "secret"
    assert start["status"] == problem["status"] == 500
    assert problem["reason"] == "ERROR_REASON_INTERNAL"
    assert problem["metadata"] == {"incident": event["incident"]}
    assert b"secret" not in body["body"]


async def test_a_response_that_has_begun_is_not_followed_by_another() -> None:
    """After the start of a response a defect is only logged: the server ends the connection."""

    async def broken(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    with capture_logs() as logs:
        assert [message["type"] for message in await _sent(broken)] == ["http.response.start"]
    assert [event["event"] for event in logs] == ["internal_error"]


async def test_a_websocket_is_closed() -> None:
    """Before the handshake a WebSocket is refused with 500, after it closed with 1011."""

    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError

    async def broken_later(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await broken(scope, receive, send)

    with capture_logs() as logs:
        start, _ = await _sent(broken, type="websocket")
        _, close = await _sent(broken_later, type="websocket")
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 500)
    assert close == {"type": "websocket.close", "code": 1011}
    assert [event["event"] for event in logs] == 2 * ["internal_error"]


async def _sent(app: Any, **scope: str) -> list[Any]:
    """Return what is sent as the response to a request."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await InternalErrors(app)(SCOPE | scope, _never, send)
    return sent
