"""Problems of requests: `application/problem+json` (RFC 9457) with the contract's reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from math import ceil
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from leaderboard_client.errors import FieldViolation, LeaderboardError

MEDIA_TYPE = "application/problem+json"

_STATUSES = {
    "INVALID_ARGUMENT": HTTPStatus.BAD_REQUEST,
    "OUT_OF_RANGE": HTTPStatus.BAD_REQUEST,
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    "FAILED_PRECONDITION": HTTPStatus.CONFLICT,
    "RESOURCE_EXHAUSTED": HTTPStatus.SERVICE_UNAVAILABLE,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
    "CANCELLED": HTTPStatus.SERVICE_UNAVAILABLE,
    "DEADLINE_EXCEEDED": HTTPStatus.GATEWAY_TIMEOUT,
}
"""The statuses of codes of the service. All other codes say that the gateway can't use the service,
or that the service has a defect: BAD_GATEWAY."""

_DETAILS = {
    HTTPStatus.NOT_FOUND: "there is nothing at this path",
    HTTPStatus.METHOD_NOT_ALLOWED: "this path is read with GET or HEAD",
}
"""The details of what the router refuses."""

_UNANSWERED = {
    HTTPStatus.BAD_GATEWAY: "the gateway can't use the service",
    HTTPStatus.SERVICE_UNAVAILABLE: "the service is unavailable",
    HTTPStatus.GATEWAY_TIMEOUT: "the service did not answer in time",
}
"""The details of what is not the service's own answer, whose text may have addresses of servers."""

_RETRY_AFTER_S = 1
"""The delay before a retry where the service names none."""


@dataclass
class Problem(Exception):
    """A request that can't be answered as it was meant; handlers raise it."""

    status: int
    """The HTTP status."""

    detail: str
    """What is wrong with this request, for people."""

    reason: str = ""
    """The name of the contract's `ErrorReason`; empty if the gateway itself found the problem."""

    metadata: Mapping[str, str] = field(default_factory=dict)
    """More about the reason, as the contract says."""

    violations: Sequence[FieldViolation] = ()
    """What is wrong with each field."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of the response."""


def problem_of(error: LeaderboardError) -> Problem:
    """Return the problem of a request that the service refused or did not answer."""
    status = _STATUSES.get(error.code, HTTPStatus.BAD_GATEWAY)
    if error.reason == "ERROR_REASON_SEASON_NOT_FOUND":
        status = HTTPStatus.NOT_FOUND
    headers = {}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(ceil(error.retry_after or _RETRY_AFTER_S))
    return Problem(
        status,
        str(error) if error.reason else _UNANSWERED.get(status, "the service refused the request"),
        reason=error.reason,
        metadata=dict(error.metadata or {}),
        violations=error.violations,
        headers=headers,
    )


def show(_request: Request, error: Exception) -> Response:
    """Return the response that shows what a handler, or the router, raised."""
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.status_code)
        error = Problem(status, _DETAILS.get(status, error.detail), headers=error.headers or {})
    assert isinstance(error, Problem)
    return problem_response(error)


SHOWN: dict[Any, ExceptionHandler] = {Problem: show, HTTPException: show}
"""The exceptions that are problems of requests; all others are defects."""


def problem_response(problem: Problem) -> Response:
    """Return the response that shows a problem."""
    content: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": int(problem.status),
        "detail": problem.detail,
    }
    if problem.reason:
        content["reason"] = problem.reason
    if problem.metadata:
        content["metadata"] = dict(problem.metadata)
    if problem.violations:
        content["violations"] = [
            {"field": each.field, "description": each.description} for each in problem.violations
        ]
    # Caches would keep some statuses, such as 404, for a time of their own.
    headers = {"Cache-Control": "no-store", **problem.headers}
    return Response(orjson.dumps(content), problem.status, media_type=MEDIA_TYPE, headers=headers)
