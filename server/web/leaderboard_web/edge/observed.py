"""Observes requests and WebSockets: their counts, and a line of the access log for each."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ACCEPTED = 101
_NO_ROUTE = "none"


@dataclass
class EndedRequest:
    """A request that ended, or a WebSocket."""

    scope: Scope
    status: int = 0
    """The HTTP status; 101 for an accepted WebSocket, 0 if the caller left before the response."""
    close_code: int | None = None
    """The code that a WebSocket was closed with by either side."""
    response_bytes: int = 0
    """The size of the body, or of all messages that the application sent by ASGI."""
    seconds: float = 0.0

    @property
    def route(self) -> str:
        """The path of the route, with names for what varies."""
        route = self.scope.get("route")
        return route.path if route else _NO_ROUTE

    def observe(self, message: Message) -> None:
        """Take a message that is sent."""
        kind = message["type"].removeprefix("websocket.")
        if kind == "http.response.start":
            self.status = message["status"]
        elif kind == "http.response.body":
            self.response_bytes += len(message.get("body", b""))
        elif kind == "accept":
            self.status = _ACCEPTED
        elif kind == "close":
            self.close_code = self.close_code or message.get("code")


class Observed:
    """An application whose ended requests are reported."""

    def __init__(self, app: ASGIApp, on_ended: Callable[[EndedRequest], None]) -> None:
        self._app = app
        self._on_ended = on_ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request or WebSocket on."""
        request = EndedRequest(scope)
        began = time.perf_counter()

        async def observed_send(message: Message) -> None:
            request.observe(message)
            await send(message)

        async def observed_receive() -> Message:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                request.close_code = request.close_code or message.get("code")
            return message

        try:
            await self._app(scope, observed_receive, observed_send)
        finally:
            request.seconds = time.perf_counter() - began
            self._on_ended(request)
