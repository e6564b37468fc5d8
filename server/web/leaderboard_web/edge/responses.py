"""Adds the headers of all responses, and answers handshakes of WebSockets that have no route."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leaderboard_web.edge.origins import Origins
from leaderboard_web.edge.security_headers import add_security_headers
from leaderboard_web.problems import Problem, problem_response

_STARTS = ("http.response.start", "websocket.http.response.start")


class Responses:
    """An application whose responses have the headers of security and of CORS."""

    def __init__(self, app: ASGIApp, origins: Origins) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request or WebSocket on."""
        accepted = False

        async def send_with_headers(message: Message) -> None:
            nonlocal accepted
            accepted = accepted or message["type"] == "websocket.accept"
            if message["type"] == "websocket.close" and not accepted:
                # Routing refuses so what it has no route for; uvicorn would answer it with 403.
                refusal = problem_response(Problem(404, "there is no WebSocket at this path"))
                await refusal(scope, receive, send_with_headers)
                return
            if message["type"] in _STARTS:
                headers = list(message.get("headers", []))
                add_security_headers(headers, scope["path"])
                self._origins.add_headers(MutableHeaders(raw=headers), scope)
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, send_with_headers)
