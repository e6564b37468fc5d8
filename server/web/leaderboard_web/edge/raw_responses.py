"""Responses for what never becomes a request of the application."""

from email.utils import formatdate
from http import HTTPStatus

from leaderboard_web.edge.security_headers import SECURITY_HEADERS
from leaderboard_web.problems import Problem, problem_response


def last_response(problem: Problem) -> tuple[str, dict[str, str], bytes]:
    """Return the phrase, headers and body of the last response of a connection."""
    response = problem_response(problem)
    headers = {
        "date": formatdate(usegmt=True),
        "connection": "close",
        **response.headers,
        **{name.decode(): value.decode() for name, value in SECURITY_HEADERS},
    }
    return HTTPStatus(problem.status).phrase, headers, bytes(response.body)


def raw_response(problem: Problem) -> bytes:
    """Return the same as bytes."""
    phrase, headers, body = last_response(problem)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {int(problem.status)} {phrase}\r\n{lines}\r\n"
    return head.encode("latin-1") + body
