"""Defects of the gateway: logged under the name of an incident, and shown as that alone."""

import contextlib
from uuid import uuid4

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.utils import ClientDisconnected

from leaderboard_web.problems import Problem, problem_response

_log = structlog.get_logger()

INTERNAL_ERROR = 1011
"""The code with which a WebSocket is closed."""


class InternalErrors:
    """Answers a request with 500 if its handler raises an unexpected exception.

    So is a handshake; a WebSocket that was accepted is closed with 1011.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request or a WebSocket."""
        started = False

        async def observed_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, observed_send)
        except ClientDisconnected:  # while a message was sent to it
            pass
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the next request is served
            incident = uuid4().hex
            _log.error("internal_error", incident=incident, exc_info=error)
            if not started:
                await _problem(incident)(scope, receive, send)
            elif scope["type"] == "websocket":
                with contextlib.suppress(ClientDisconnected, RuntimeError):  # it is closed already
                    await send({"type": "websocket.close", "code": INTERNAL_ERROR})


def _problem(incident: str) -> ASGIApp:
    problem = Problem(
        500,
        f"internal error, incident {incident}",
        reason="ERROR_REASON_INTERNAL",
        metadata={"incident": incident},
    )
    return problem_response(problem)
