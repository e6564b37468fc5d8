"""The problems in the OpenAPI description: their schema, and the statuses of each endpoint."""

from http import HTTPStatus
from typing import Any

from leaderboard.v1.error_reason_pb2 import ErrorReason
from leaderboard_web.api.endpoint import Endpoint
from leaderboard_web.api.schemas import Schema
from leaderboard_web.problems import MEDIA_TYPE

PROBLEM: Schema = {
    "type": "object",
    "description": "A request that can't be answered as it was meant (RFC 9457).",
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string", "description": "The meaning of the status."},
        "status": {
            "type": "integer",
            "description": "The status.",
            "minimum": 400,
            "maximum": 599,
        },
        "detail": {"type": "string", "description": "What is wrong with this request."},
        "reason": {
            "description": "The name of the contract's `ErrorReason`. Without it the gateway "
            "itself found the problem.",
            "type": "string",
            "enum": ErrorReason.keys()[1:],
        },
        "metadata": {
            "description": "More about the reason, as the contract says.",
            "type": "object",
            "additionalProperties": {"type": "string"},
        },
        "violations": {
            "description": "The parameters that are malformed, up to ten.",
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"description": "The parameter.", "type": "string"},
                    "description": {"description": "What is wrong with it.", "type": "string"},
                },
                "required": ["field", "description"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}

_RETRY_AFTER = {
    "Retry-After": {
        "description": "The seconds after which to try again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    }
}
_AUTHENTICATE = {
    "WWW-Authenticate": {
        "description": "The way in which the token is sent.",
        "required": True,
        "schema": {"type": "string"},
    }
}
_ALL = {
    400: ("BadRequest", "A parameter is malformed; `violations` names it.", {}),
    401: ("Unauthorized", "The gateway needs a token.", _AUTHENTICATE),
    413: ("ContentTooLarge", "The request has a body.", {}),
    414: ("UriTooLong", "The path with its query is longer than 16 KiB.", {}),
    421: ("MisdirectedRequest", "The gateway does not serve the host of the URL.", {}),
    429: ("TooManyRequests", "The address makes too many requests.", _RETRY_AFTER),
    431: (
        "RequestHeaderFieldsTooLarge",
        "The request line and the headers are longer than 32 KiB.",
        {},
    ),
    500: ("InternalServerError", "A defect of the gateway; the log has its incident.", {}),
    502: ("BadGateway", "The service can't be used, or has a defect.", {}),
    503: ("ServiceUnavailable", "The service is unavailable, or at a limit.", _RETRY_AFTER),
    504: ("GatewayTimeout", "The service did not answer in time.", {}),
}
"""The problems of all endpoints."""

RESPONSES = {
    name: {
        "description": text,
        **({"headers": headers} if headers else {}),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for name, text, headers in _ALL.values()
}
"""The responses that the operations of all endpoints refer to."""

_REASONS = {
    "CONTEST_NOT_FOUND": (404, "there is no such contest"),
    "SEASON_NOT_FOUND": (404, "there is no such season, or it is not kept any more"),
    "USER_NOT_FOUND": (404, "the user has no score in the contest, or is hidden"),
    "POSITION_UNREACHABLE": (409, "`min_position` is of another epoch, or not reached yet"),
}
"""The statuses of reasons that only some endpoints have."""


def problem_responses(endpoint: Endpoint) -> dict[str, Any]:
    """Return the responses that are problems, by status."""
    responses: dict[str, Any] = {
        str(status): {"$ref": f"#/components/responses/{name}"}
        for status, (name, _, _) in _ALL.items()
    }
    for status in (404, 409):
        if texts := [
            f"`ERROR_REASON_{reason}`: {_REASONS[reason][1]}."
            for reason in endpoint.reasons
            if _REASONS[reason][0] == status
        ]:
            responses[str(status)] = _own_response(status, texts)
    return dict(sorted(responses.items()))


def _own_response(status: int, texts: list[str]) -> Schema:
    return {
        "description": " ".join([f"{HTTPStatus(status).phrase}.", *texts]),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
