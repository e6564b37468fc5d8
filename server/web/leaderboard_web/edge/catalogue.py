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
        "WebSocket, 0 for a caller that left before the response"
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

_WATCHES = Group("Watches")
WATCHES_OPEN = _WATCHES.gauge("leaderboard_web_watches_open", "WebSockets that watch a contest.")
WATCH_GROUPS = _WATCHES.gauge(
    "leaderboard_web_watch_groups",
    "Watches of the service: one for all WebSockets with the same contest and limit.",
)
WATCH_MESSAGES = _WATCHES.counter(
    "leaderboard_web_watch_messages_total", "Messages that were sent to WebSockets."
)
WATCH_MESSAGES_MERGED = _WATCHES.counter(
    "leaderboard_web_watch_messages_merged_total",
    "Messages with the changes of several, for a watcher that was behind.",
)
WATCH_SNAPSHOTS = _WATCHES.counter(
    "leaderboard_web_watch_snapshots_total",
    "Snapshots that were sent to WebSockets.",
    labels=("reason",),
    values="the `SnapshotReason` of the contract without its prefix",
)
WATCH_FAN_OUT_SECONDS = _WATCHES.histogram(
    "leaderboard_web_watch_fan_out_seconds",
    "Time from the arrival of a message of the service until it was written to all WebSockets of "
    "its group that accept it, in seconds.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
WATCH_OUTAGES = _WATCHES.counter(
    "leaderboard_web_watch_outages_total",
    "Times that a watch of the service was lost for longer than a failover takes.",
)
WATCHES_REFUSED = _WATCHES.counter(
    "leaderboard_web_watches_refused_total",
    "WebSockets that were refused over a limit.",
    labels=("limit",),
    values="`watches`, `watches_of_address`, `groups` or `groups_of_address`",
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

GROUPS = (_REQUESTS, _CONNECTIONS, _WATCHES, _SERVICE, _GATEWAY)
METRICS: tuple[Metric, ...] = tuple(metric for group in GROUPS for metric in group.metrics)
LOOP_DELAY_SECONDS = catalogue.LOOP_DELAY_SECONDS
"""Of every process, as all of the group `Process` of a server."""
