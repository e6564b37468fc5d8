"""Declares every metric of a gateway: the only place that knows their names.

`docs/metrics.md` is made of it. Labels are bounded: no id of a contest or user is one.
"""

from leaderboard_server.metrics import catalogue
from leaderboard_server.metrics.metric import Group, Metric

_REQUESTS = Group("Requests")
REQUESTS = _REQUESTS.counter(
    "leaderboard_web_requests_total",
    "Requests that ended, and handshakes of WebSockets.",
    labels=("route", "status"),
    values=(
        "route: its path with names for what varies, such as `/v1/contests/{contest}/top`, or "
        "`none` for a request that reached no route; status: the HTTP status, 101 for an accepted "
        "WebSocket"
    ),
)
REQUEST_SECONDS = _REQUESTS.histogram(
    "leaderboard_web_request_seconds",
    "Time from the headers of a request to the end of its response, in seconds.",
    labels=("route",),
    values="as above, without WebSockets",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REFUSALS = _REQUESTS.counter(
    "leaderboard_web_refusals_total",
    "Requests that a check refused.",
    labels=("check",),
    values="`rate`, `form` (method, target or body), `host`, `origin` or `token`",
)

_CONNECTIONS = Group("Connections")
CONNECTIONS_OPEN = _CONNECTIONS.gauge(
    "leaderboard_web_connections_open", "Open connections of callers, WebSockets included."
)
CONNECTIONS_LIMIT = _CONNECTIONS.gauge(
    "leaderboard_web_connections_limit",
    "Connections that may be open, by `--max-connections` and the limit of open files.",
)
CONNECTIONS_ENDED = _CONNECTIONS.counter(
    "leaderboard_web_connections_ended_total",
    "Connections that the gateway refused or ended.",
    labels=("cause",),
    values=(
        "`refused` over a limit, `idle` to make room for another one, `slow` without a complete "
        "request in time, `unread` with a response or messages that were not read in time, `flood` "
        "with too much sent through a WebSocket, `malformed` with something that is not HTTP or "
        "TLS, or no valid handshake"
    ),
)

_SERVICE = Group("Service")
SERVICE_AVAILABLE = _SERVICE.gauge(
    "leaderboard_web_service_available",
    "1 if a server of the service reports that it serves, else 0.",
)

_GATEWAY = Group("Gateway")
BUILD_INFO = _GATEWAY.gauge(
    "leaderboard_web_build_info",
    "Always 1.",
    labels=("version", "python"),
    values="the version of the gateway, and the version of Python",
)

GROUPS = (_REQUESTS, _CONNECTIONS, _SERVICE, _GATEWAY)
METRICS: tuple[Metric, ...] = tuple(metric for group in GROUPS for metric in group.metrics)
LOOP_DELAY_SECONDS = catalogue.LOOP_DELAY_SECONDS
"""Of every process, as all of the group `Process` of a server."""
