"""The access log: a line of the log for each ended call, or for each that failed."""

from collections.abc import Sequence
from typing import Any, Literal

from google.rpc.code_pb2 import Code

from leaderboard_server.logs import log_together
from leaderboard_server.transport.logged_fields import logged_fields
from leaderboard_server.transport.observation import EndedCall, Observation


def observation(
    access_log: Literal["off", "errors", "all"], *, trace_contexts: bool
) -> Observation:
    """Return what a listener has to report for this access log, and whether for traces too."""
    return Observation(
        on_ended=None if access_log == "off" else log_calls,
        errors_only=access_log == "errors",
        trace_contexts=trace_contexts,
    )


def log_calls(calls: Sequence[EndedCall]) -> None:
    """Log calls that ended."""
    log_together("call", map(_entry, calls))


def _entry(call: EndedCall) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "method": call.path.removeprefix("/"),
        "code": Code.Name(call.code),
        "ms": round(call.seconds * 1_000, 3),
        "request_bytes": len(call.request),
        "response_bytes": call.response_bytes,
        **logged_fields(call.path, call.request),
    }
    if call.peer:
        entry["peer"] = call.peer
    if call.trace_context:
        entry["trace_id"] = call.trace_context.split("-")[1]
    return entry
