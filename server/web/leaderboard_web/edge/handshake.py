"""Handshakes of WebSockets whose refusals look like all other problems."""

from websockets.datastructures import Headers
from websockets.http11 import Response
from websockets.server import ServerProtocol

from leaderboard_web.edge.raw_responses import last_response
from leaderboard_web.problems import Problem


class Handshake(ServerProtocol):
    """The protocol of one WebSocket, which begins with the handshake."""

    def reject(self, status: int, text: str) -> Response:
        """Return the response that refuses the handshake."""
        phrase, headers, body = last_response(Problem(status, text.strip()))
        return Response(status, phrase, Headers(headers), body)
