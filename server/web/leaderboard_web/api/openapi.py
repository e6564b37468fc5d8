"""The OpenAPI 3.1 description of the JSON over HTTP, made from the table of endpoints."""

from importlib.metadata import version
from typing import Any

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_web.api.endpoint import CONTEST, Endpoint, Link, operation_id
from leaderboard_web.api.endpoints import ENDPOINTS
from leaderboard_web.api.kinds import CONTEST_ID
from leaderboard_web.api.parameters import Parameter
from leaderboard_web.api.problem_schemas import PROBLEM, RESPONSES, problem_responses
from leaderboard_web.api.schemas import Schema, reference, schemas
from leaderboard_web.json_messages import to_dict

_ABOUT = """The boards of contests, to be read over HTTP. All paths are read with GET, or with HEAD
for the headers alone. Scores and revisions are 64-bit numbers, which are text in JSON.

**Positions.** A board has a *position*: its epoch and its revision, which grows with each change.
As text it is `EPOCH:REVISION`; that of a contest that does not exist is `:0`. With `min_position`
an answer is at least as new as the position.

**Caching.** Each answer has a weak `ETag`. That of a board, or of ranks on it, is its position; so
it changes with the board, and with nothing else. Send it in `If-None-Match`: the answer is
304 Not Modified, without a body, as long as nothing has changed.

**Errors.** The body of an error is a problem (RFC 9457). `reason` is the name of the contract's
`ErrorReason`, and `violations` names each parameter that is malformed. Parameters that a path does
not have, and single ones that are given twice, are errors.

**Live boards.** A WebSocket at `/v1/contests/{contest}/watch?limit=…&resume_after=…` sends the
first `limit` rows of a board (1 to 1,000; 10 by default) and then each change. Each text message is
one JSON object: a `WatchContestResponse` (see the schemas), or `{"serviceLost": {}}`, after which
the board may be behind until the next message arrives. A client sends nothing, ignores objects with
keys that it does not know, and connects again with `resume_after` set to the position of the last
message. A browser sends the token of a gateway that needs one as a subprotocol, beside
`leaderboard.v1`: `leaderboard.token.` and the token in base64url without padding.
"""
_SECURITY: list[dict[str, list[str]]] = [{}, {"bearer": []}]
"""A gateway without a token of its own needs none."""


def description() -> dict[str, Any]:
    """Return the description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Leaderboard",
            "summary": "Boards of contests, to be read.",
            "description": _ABOUT,
            "version": version("leaderboard-web"),
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": "contests"}, {"name": "boards"}],
        "security": _SECURITY,
        "paths": {endpoint.path: {"get": _operation(endpoint)} for endpoint in ENDPOINTS},
        "components": {
            "schemas": {"Problem": PROBLEM} | _message_schemas(),
            "responses": RESPONSES,
            "headers": _HEADERS,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of a gateway that needs one.",
                }
            },
        },
    }


_HEADERS: dict[str, Schema] = {
    "ETag": {
        "description": "The weak entity tag of the answer.",
        "required": True,
        "schema": {"type": "string", "pattern": '^W/"[^"]*"$'},
        "example": 'W/"5d2f:41"',
    },
    "Cache-Control": {
        "description": "Says that a kept answer has to be checked before it is used.",
        "required": True,
        "schema": {"type": "string", "const": "no-cache"},
    },
    "Vary": {
        "description": "The headers of requests that the answer depends on.",
        "schema": {"type": "string"},
    },
}


def _message_schemas() -> dict[str, Schema]:
    return schemas(*(each.response for each in ENDPOINTS), pb.WatchContestResponse)


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    path = [_CONTEST_PARAMETER] if endpoint.of_contest else []
    return {
        "operationId": operation_id(endpoint.method),
        "summary": endpoint.summary,
        "description": endpoint.description,
        "tags": ["boards" if endpoint.has_position else "contests"],
        "parameters": [*path, *map(_parameter, endpoint.parameters), _IF_NONE_MATCH],
        "responses": {
            "200": _answer(endpoint),
            "304": {
                "description": "The caller has the answer: its tag is in `If-None-Match`.",
                "headers": _header_references("ETag", "Cache-Control", "Vary"),
            },
            **problem_responses(endpoint),
        },
    }


def _answer(endpoint: Endpoint) -> dict[str, Any]:
    content = {"schema": reference(endpoint.response), "example": to_dict(endpoint.example)}
    answer = {
        "description": "The answer.",
        "headers": _header_references("ETag", "Cache-Control", "Vary"),
        "content": {"application/json": content},
    }
    return answer | ({"links": dict(map(_link, endpoint.links))} if endpoint.links else {})


def _link(link: Link) -> tuple[str, Schema]:
    target = operation_id(link.method)
    described = {"description": link.description, "parameters": link.parameters}
    return target, {"operationId": target, **described}


def _header_references(*names: str) -> dict[str, Schema]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


_CONTEST_PARAMETER = {
    "name": CONTEST,
    "in": "path",
    "required": True,
    "description": "The contest.",
    "schema": CONTEST_ID.schema,
    "example": "chess",
}
_IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The entity tags of answers that the caller has, or `*`.",
    "schema": {"type": "string"},
    "example": 'W/"5d2f:40"',
}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema = parameter.kind.schema
    if parameter.repeated:
        schema = {
            "type": "array",
            "items": schema,
            "minItems": 1,
            "maxItems": 1_000,
            "uniqueItems": True,
        }
    described = {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.description,
        "schema": schema,
    }
    return described | ({} if parameter.example is None else {"example": parameter.example})
