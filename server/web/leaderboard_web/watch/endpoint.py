"""The WebSocket of a watch: `/v1/contests/{contest}/watch`."""

from http import HTTPStatus
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from leaderboard_client.errors import FieldViolation
from leaderboard_server.domain.fields import CONTEST_ID
from leaderboard_server.domain.position import Position
from leaderboard_server.tasks import TaskSet
from leaderboard_web.api.kinds import POSITION, number
from leaderboard_web.api.parameters import Parameter, invalid, read_query
from leaderboard_web.edge.addresses import caller_of
from leaderboard_web.problems import Problem, problem_response
from leaderboard_web.watch.admission import Admission
from leaderboard_web.watch.connection import BrowserConnection, connection_of
from leaderboard_web.watch.groups import WatchGroups
from leaderboard_web.watch.messages import decoded

PATH = "/v1/contests/{contest}/watch"
SUBPROTOCOL = "leaderboard.v1"
DEFAULT_LIMIT = 10
MAX_LIMIT = 1_000
POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013

PARAMETERS = (
    Parameter("limit", number(32, 1, MAX_LIMIT), "How many of the first rows are watched."),
    Parameter("resume_after", POSITION, "The position after which to resume."),
)


class _Request(NamedTuple):
    contest_id: str
    limit: int
    resume_after: Position | None


def watch_routes(
    groups: WatchGroups, *, max_watches: int, max_watches_per_address: int
) -> list[BaseRoute]:
    """Return the route of the WebSocket, and the one of requests that do not ask for it.

    Args:
        groups: The groups of the gateway.

        max_watches: The maximum number of open WebSockets.

        max_watches_per_address: The same of one address.
    """
    admission = Admission(
        groups.instruments, max_watches=max_watches, max_per_address=max_watches_per_address
    )
    return [
        WebSocketRoute(PATH, _Endpoint(groups, admission), name="watch"),
        Route(PATH, _without_upgrade, name="watch_without_upgrade"),
    ]


class _Endpoint:
    """An ASGI application that answers handshakes, and subscribes what it accepts."""

    def __init__(self, groups: WatchGroups, admission: Admission) -> None:
        self._groups = groups
        self._admission = admission
        self._tasks = TaskSet(name="websocket")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            request = _request(scope)
            caller = caller_of(scope)
            with self._admission.admit(caller):
                self._groups.check_room(request.contest_id, request.limit, caller)
                await self._watch(request, scope, receive, send)
        except Problem as problem:
            response = problem_response(problem)
            await WebSocket(scope, receive, send).send_denial_response(response)

    async def _watch(self, request: _Request, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # the handshake
        offered = SUBPROTOCOL in scope.get("subprotocols", ())
        subprotocol = SUBPROTOCOL if offered else None
        await send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": []})
        connection = connection_of(scope, send, self._tasks)
        try:
            group = self._groups.group(request.contest_id, request.limit, caller_of(scope))
        except Problem as problem:
            connection.close(TRY_AGAIN_LATER, problem.detail)
            await _disconnected(receive)
            return
        subscription = group.subscribe(connection, request.resume_after)
        try:
            await _only_reading(connection, receive)
        finally:
            group.unsubscribe(subscription)


async def _without_upgrade(_request: Request) -> Response:
    headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
    raise Problem(HTTPStatus.UPGRADE_REQUIRED, "a watch is a WebSocket", headers=headers)


def _request(scope: Scope) -> _Request:
    """Return the request of a handshake.

    Raises:
        Problem: It is malformed.
    """
    contest_id = scope["path_params"]["contest"]
    if not CONTEST_ID.fullmatch(contest_id):
        raise invalid(FieldViolation("contest", f"must match {CONTEST_ID.pattern}"))
    fields = read_query(PARAMETERS, scope["query_string"])
    limit = fields.get("limit", DEFAULT_LIMIT)
    if not 1 <= limit <= MAX_LIMIT:
        raise invalid(FieldViolation("limit", f"must be from 1 to {MAX_LIMIT}"))
    after = fields.get("resume_after")
    return _Request(contest_id, limit, None if after is None else decoded(after))


async def _only_reading(connection: BrowserConnection, receive: Receive) -> None:
    """Wait for the end of a WebSocket whose client must not send messages."""
    message = await receive()
    if message["type"] == "websocket.receive":
        connection.close(POLICY_VIOLATION, "a watch has no messages of the client")
        await _disconnected(receive)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass
