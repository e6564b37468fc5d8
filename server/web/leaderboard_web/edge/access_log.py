"""The access log: a line of the log for each ended request, or for each that was refused or failed.

No query is shown: the ids of users in it are personal data. No header is, so no token is.
"""

from typing import Any, Literal

from leaderboard_server.domain.fields import CONTEST_ID
from leaderboard_server.logs import log_together
from leaderboard_web.edge.observed import EndedRequest

_FIRST_ERROR = 400


def log_request(access_log: Literal["off", "errors", "all"], request: EndedRequest) -> None:
    """Log a request that ended, if this access log has it."""
    failed = request.status >= _FIRST_ERROR or not request.status
    if access_log == "all" or (access_log == "errors" and failed):
        log_together("request", [_entry(request)])


def _entry(request: EndedRequest) -> dict[str, Any]:
    scope = request.scope
    host, port = scope["client"]
    bracketed = f"[{host}]" if ":" in host else host
    entry: dict[str, Any] = {
        "method": scope.get("method", "WEBSOCKET"),
        "route": request.route,
        "status": request.status,
        "ms": round(request.seconds * 1_000, 3),
        "response_bytes": request.response_bytes,
        "peer": f"{bracketed}:{port}" if port else host,
    }
    if request.close_code is not None:
        entry["close_code"] = int(request.close_code)
    contest_id = scope.get("path_params", {}).get("contest", "")
    if CONTEST_ID.fullmatch(contest_id):  # anything else may be anything
        entry["contest_id"] = contest_id
    return entry
