"""Lists the rows and panels of the dashboard."""

from panels import (
    LIMIT,
    Query,
    Row,
    by,
    each,
    graph,
    grown,
    mean,
    quantile,
    rate,
    stack,
    stat,
    total,
)

_HANDLED = "grpc_server_handled_total"
_SECONDS = "grpc_server_handling_seconds"
_SCRIPT_SECONDS = "leaderboard_store_call_seconds"
_SERVICE = 'grpc_service=~"leaderboard[.].+"'
_UNARY = 'grpc_type="unary"'
_FAILED = 'grpc_code=~"Unavailable|Internal|Unknown|DataLoss"'
_AWAY = ((0, "away", "red"), (1, "available", "green"))
_ALL_CALLS = f"sum({rate(_HANDLED, _SERVICE)})"
_FAILED_CALLS = f"(sum({rate(_HANDLED, _SERVICE, _FAILED)}) or vector(0))"

_OVERVIEW = (
    stat(
        "Store",
        "min(leaderboard_store_available{SERVERS})",
        about="Away if any server has no store.",
        words=_AWAY,
    ),
    stat(
        "Feed",
        "min(leaderboard_feed_connected{SERVERS})",
        about="Away if any server gets no commits.",
        words=_AWAY,
    ),
    stat("Calls", _ALL_CALLS, unit="reqps", about="Those of health and reflection left out."),
    stat(
        "Failed calls",
        f"{_FAILED_CALLS} / {_ALL_CALLS}",
        unit="percentunit",
        about="The share with UNAVAILABLE, INTERNAL or UNKNOWN.",
    ),
    stat("p99", quantile(0.99, _SECONDS, "", _SERVICE, _UNARY).expression, unit="s"),
    stat("Open watches", "sum(leaderboard_watches_open{SERVERS})"),
    stat("Contests", "max(leaderboard_contests{SERVERS})", about="At the latest sweep."),
    stat(
        "Servers",
        "count by (version, listener, python) (leaderboard_build_info{SERVERS})",
        "{{version}} {{listener}}, Python {{python}}",
    ),
)

_CALLS = (
    stack("Calls by method", by("grpc_method", _HANDLED), unit="reqps"),
    stack(
        "Calls by code, without OK",
        by("grpc_code", _HANDLED, 'grpc_code!="OK"'),
        unit="reqps",
    ),
    stack(
        "Errors by reason",
        by("reason", "leaderboard_errors_total"),
        about="Those of single updates of a batch included.",
    ),
    graph(
        "Latency of unary calls",
        *(quantile(part, _SECONDS, "", _SERVICE, _UNARY) for part in (0.5, 0.9, 0.99)),
        unit="s",
    ),
    graph("p99 by method", quantile(0.99, _SECONDS, "grpc_method", _SERVICE, _UNARY), unit="s"),
    graph(
        "Answered from the response cache",
        total("leaderboard_response_cache_hits_total", "calls"),
        unit="reqps",
        about="Only the front has this cache.",
    ),
)

_LIMITS = (
    graph(
        "Calls in flight",
        each("leaderboard_calls_in_flight"),
        each("leaderboard_calls_limit", LIMIT),
    ),
    graph(
        "Open watches", each("leaderboard_watches_open"), each("leaderboard_watches_limit", LIMIT)
    ),
    graph(
        "Open connections",
        each("leaderboard_connections_open"),
        each("leaderboard_connections_limit", LIMIT),
        about="Only the front shows its connections.",
    ),
    stack("Refused calls by limit", by("limit", "leaderboard_refusals_total"), unit="reqps"),
    stack("Connections that the front ended", by("cause", "leaderboard_connections_ended_total")),
    graph(
        "Open files",
        each("process_open_fds"),
        each("process_max_fds", LIMIT),
        about="With workers, those of all beside the limit of one.",
    ),
)

_STORE = (
    graph("Available", each("leaderboard_store_available")),
    graph(
        "Shards",
        each("leaderboard_store_shards_available"),
        each("leaderboard_store_shards", LIMIT),
        about="Those that can be used, beside all. Without a cluster the store is one shard.",
    ),
    stack("Scripts", by("script", f"{_SCRIPT_SECONDS}_count")),
    graph("p99 by script", quantile(0.99, _SCRIPT_SECONDS, "script"), unit="s"),
    stack(
        "Errors by cause",
        by("cause", "leaderboard_store_errors_total"),
        total("leaderboard_store_resends_total", "sent again"),
        total("leaderboard_store_redirections_total", "redirected in a cluster"),
    ),
    graph(
        "Mean size of batches",
        mean("leaderboard_store_batch_size", "kind"),
        about="Updates of one commit, and ranks of one read.",
    ),
    graph(
        "Reads of boards",
        by("source", "leaderboard_board_reads_total"),
        Query("sum(leaderboard_top_windows{SERVERS})", "number of windows"),
        about="Reads each second, from windows in memory and from the store.",
    ),
)

_FEED = (
    graph(
        "Connected",
        each("leaderboard_feed_connected"),
        grown("leaderboard_feed_connections_total", "new connections"),
    ),
    graph(
        "Lag",
        *(quantile(part, "leaderboard_feed_lag_seconds", "source") for part in (0.5, 0.99)),
        unit="s",
        about="From a commit, or a heartbeat, to its message in the feed.",
    ),
    graph(
        "Messages",
        total("leaderboard_feed_messages_total", "messages each second"),
        total("leaderboard_log_reads_total", "reads of a log each second"),
        Query("sum(leaderboard_followed_contests{SERVERS})", "followed contests"),
    ),
)

_WATCHING = (
    graph(
        "Watchers",
        Query("sum by (scope) (leaderboard_watchers{SERVERS})", "{{scope}}"),
        Query("sum(leaderboard_watched_contests{SERVERS})", "watched contests"),
    ),
    stack("Messages sent", by("grpc_method", "grpc_server_msg_sent_total")),
    stack(
        "Snapshots by reason",
        by("reason", "leaderboard_watch_snapshots_total"),
        about="NEW_EPOCH: the history was lost, as by a failover or a restore.",
    ),
    stack("Watches that were resumed", by("result", "leaderboard_watch_resumes_total")),
    graph(
        "Watchers that lagged or were dropped",
        total("leaderboard_watchers_lagged_total", "lagged"),
        by("cause", "leaderboard_watchers_dropped_total"),
        unit="ops",
    ),
)

_CONTESTS = (
    stack("Sweeps", by("result", "leaderboard_sweeps_total")),
    graph("Time of a sweep", quantile(0.99, "leaderboard_sweep_seconds"), unit="s"),
    graph(
        "Expired contests that were deleted, and seasons that were ended",
        total("leaderboard_expired_contests_total", "contests"),
        total("leaderboard_ended_seasons_total", "seasons"),
        unit="ops",
    ),
)

_PROCESSES = (
    graph(
        "CPU",
        by("instance", "process_cpu_seconds_total"),
        about="Cores. A process uses one, and with the front part of a second.",
    ),
    graph("Memory", each("process_resident_memory_bytes"), unit="bytes"),
    graph(
        "p99 of the event loop's delay",
        quantile(0.99, "leaderboard_event_loop_delay_seconds", "instance"),
        unit="s",
    ),
    graph(
        "Workers",
        each("leaderboard_workers"),
        each("leaderboard_workers_configured", LIMIT),
        grown("leaderboard_worker_starts_total", "started"),
    ),
    graph(
        "Time since the start",
        Query("time() - max by (instance) (process_start_time_seconds{SERVERS})", "{{instance}}"),
        unit="s",
    ),
    graph(
        "Calls that the access log left out",
        total("leaderboard_call_records_dropped_total", "calls"),
        unit="ops",
    ),
)

_EMBEDDED_STORE = (
    graph(
        "Memory",
        each("leaderboard_embedded_store_memory_bytes"),
        each("leaderboard_embedded_store_memory_limit_bytes", LIMIT),
        unit="bytes",
    ),
    graph(
        "Disk",
        each("leaderboard_embedded_store_disk_bytes", "used"),
        each("leaderboard_embedded_store_disk_free_bytes", "free"),
        unit="bytes",
    ),
)

ROWS = (
    Row("Overview", 8, _OVERVIEW),
    Row("Calls", 3, _CALLS),
    Row("Limits", 3, _LIMITS),
    Row("Store", 3, _STORE),
    Row("Feed", 3, _FEED),
    Row("Watching", 3, _WATCHING),
    Row("Contests", 3, _CONTESTS),
    Row("Processes", 3, _PROCESSES),
    Row("Embedded store", 2, _EMBEDDED_STORE),
)
