"""Defects of the gateway: logged under the name of an incident, and shown as that alone."""

from uuid import uuid4

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leaderboard_web.problems import Problem, problem_response

_log = structlog.get_logger()


class InternalErrors:
    """Answers a request with 500 if its handler raises an unexpected exception."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; connections of other kinds are passed on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def observed_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, observed_send)
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the next request is served
            incident = uuid4().hex
            _log.error("internal_error", incident=incident, exc_info=error)
            if not started:
                await _problem(incident)(scope, receive, send)


def _problem(incident: str) -> ASGIApp:
    problem = Problem(
        500,
        f"internal error, incident {incident}",
        reason="ERROR_REASON_INTERNAL",
        metadata={"incident": incident},
    )
    return problem_response(problem)
