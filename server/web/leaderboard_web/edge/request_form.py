"""The checks of what a request is: version, method and target, and that it has no body."""

from starlette.datastructures import Headers
from starlette.types import Scope

from leaderboard_web.problems import Problem

VERSIONS = ("1.0", "1.1")
METHODS = ("GET", "HEAD", "OPTIONS")
MAX_TARGET_BYTES = 16 * 2**10
"""The most bytes of a path with its query."""
_ENCODED_SLASH = b"%2f"
_CLOSE = {"Connection": "close"}
"""The header with which a body that is not read ends the connection."""


def check_form(scope: Scope) -> None:
    """Check a request or a handshake.

    Raises:
        Problem: The gateway answers no such request.
    """
    if scope["http_version"] not in VERSIONS:
        raise Problem(505, "the gateway speaks HTTP/1.1", headers=_CLOSE)
    if not scope["path"].startswith("/"):
        raise Problem(400, "the target must be a path", headers=_CLOSE)
    if _ENCODED_SLASH in scope["raw_path"].lower():  # routing would take it for a slash
        raise Problem(400, "a path has no encoded slash")
    if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_TARGET_BYTES:
        raise Problem(414, f"the target has more than {MAX_TARGET_BYTES} bytes", headers=_CLOSE)
    if scope["type"] == "http":
        _check_method(scope)


def _check_method(scope: Scope) -> None:
    headers = Headers(scope=scope)
    has_body = "transfer-encoding" in headers or headers.get("content-length", "0").strip("0")
    if scope["method"] not in METHODS:
        closing = _CLOSE if has_body else {}
        raise Problem(405, "boards are read-only", headers={"Allow": ", ".join(METHODS), **closing})
    if has_body:
        raise Problem(413, "a request has no body", headers=_CLOSE)
