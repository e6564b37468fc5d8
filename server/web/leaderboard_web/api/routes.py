"""Routes of the endpoints: from a query to a call of the service, and from its answer to JSON."""

import re
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

import orjson
from google.protobuf.message import Message
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from leaderboard_client import FieldViolation, InvalidRequest, LeaderboardError
from leaderboard_web.api.conditional import json_response
from leaderboard_web.api.endpoint import CONTEST, Endpoint
from leaderboard_web.api.endpoints import ENDPOINTS
from leaderboard_web.api.openapi import description
from leaderboard_web.api.parameters import invalid, read_query
from leaderboard_web.failed_calls import FailedCalls
from leaderboard_web.json_messages import encode
from leaderboard_web.positions import etag
from leaderboard_web.problems import Problem, problem_of
from leaderboard_web.service import Service

DESCRIPTION_PATH = "/openapi.json"

_CONTEST_SEGMENT = 3
"""Where the contest is in the segments of a path."""
_FIELD = re.compile(r"^\w+")
"""The name of a field in its path, such as `user_ids[3]` or `min_position.epoch`."""

_Handler = Callable[[Request], Awaitable[Response]]


def api_routes(service: Service) -> list[BaseRoute]:
    """Return the routes of all endpoints, and that of their description."""
    failed = FailedCalls()
    return [
        Route(DESCRIPTION_PATH, _description_handler()),
        *(Route(endpoint.path, _handler(endpoint, service, failed)) for endpoint in ENDPOINTS),
    ]


def _handler(endpoint: Endpoint, service: Service, failed: FailedCalls) -> _Handler:
    async def handle(request: Request) -> Response:
        message = _message(endpoint, request)
        try:
            response = await service.call(endpoint.method, message)
        except InvalidRequest as error:
            raise _translated(endpoint, error) from error
        except LeaderboardError as error:
            failed.report(endpoint.method, error)
            raise problem_of(error) from error
        tag = etag(response.position) if endpoint.has_position else None
        return json_response(request, tag, lambda: encode(endpoint.body(response)))

    return handle


def _message(endpoint: Endpoint, request: Request) -> Message:
    """Return the request of the contract."""
    fields = read_query(endpoint.parameters, request.scope["query_string"])
    if endpoint.of_contest:
        fields["contest_id"] = _contest_id(request)
    return endpoint.request(**fields)


def _contest_id(request: Request) -> str:
    """Return the contest in the path, from the bytes that were sent.

    In the decoded path bytes that are no UTF-8 are replaced.
    """
    segment = request.scope["raw_path"].split(b"/")[_CONTEST_SEGMENT]
    try:
        return unquote(segment.decode("ascii"), errors="strict")
    except UnicodeDecodeError:
        violation = FieldViolation(CONTEST, "must be percent-encoded UTF-8")
        raise invalid(violation) from None


def _translated(endpoint: Endpoint, error: InvalidRequest) -> Problem:
    """Return the problem of fields that the service refused, by the names of their parameters."""
    if not error.violations:
        return problem_of(error)
    names = {parameter.target: parameter.name for parameter in endpoint.parameters}
    names["contest_id"] = CONTEST
    return invalid(
        *(
            FieldViolation(_FIELD.sub(lambda found: names.get(found[0], found[0]), field), text)
            for field, text in error.violations
        )
    )


def _description_handler() -> _Handler:
    body = orjson.dumps(description())

    async def handle(request: Request) -> Response:
        return json_response(request, None, lambda: body)

    return handle
