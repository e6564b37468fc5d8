"""Declares every metric of the service: the only place that knows their names.

The parts of the server count with the instruments that `instruments.py` makes of these, and
`docs/metrics.md` is made from them too. Labels are bounded: no id of a contest or user is one.
"""

from leaderboard_server.metrics.metric import AcrossWorkers, Group, Metric

_FRONT = "on the front"
_CALL = ("grpc_type", "grpc_service", "grpc_method")
_STORE_SECONDS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)

_CALLS = Group("Calls")
CALLS_HANDLED = _CALLS.counter(
    "grpc_server_handled_total",
    "Calls that ended, also those that a limit refused or that their caller gave up (`Canceled`).",
    labels=(*_CALL, "grpc_code"),
    values=(
        "grpc_type: `unary`, `server_stream` or `bidi_stream`; grpc_service and grpc_method: "
        "`unknown` for a path that is no method; grpc_code: `OK`, `NotFound` and so on"
    ),
)
CALL_SECONDS = _CALLS.histogram(
    "grpc_server_handling_seconds",
    "Time from the arrival of a call's headers to its end, in seconds.",
    labels=_CALL,
    values="as above",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
MESSAGES_SENT = _CALLS.counter(
    "grpc_server_msg_sent_total",
    "Response messages that were sent.",
    labels=_CALL,
    values="as above",
)
CALLS_IN_FLIGHT = _CALLS.gauge("leaderboard_calls_in_flight", "Unary calls in flight.")
CALLS_LIMIT = _CALLS.gauge(
    "leaderboard_calls_limit", "Unary calls that may be in flight (`--max-calls`)."
)
WATCHES_OPEN = _CALLS.gauge(
    "leaderboard_watches_open", "Open streams, by which `--max-watchers` counts."
)
WATCHES_LIMIT = _CALLS.gauge(
    "leaderboard_watches_limit", "Streams that may be open (`--max-watchers`)."
)
CONNECTIONS_OPEN = _CALLS.gauge(
    "leaderboard_connections_open", "Open connections of callers.", only=_FRONT
)
CONNECTIONS_LIMIT = _CALLS.gauge(
    "leaderboard_connections_limit",
    "Connections that may be open, by the limit of open files.",
    only=_FRONT,
)
REFUSALS = _CALLS.counter(
    "leaderboard_refusals_total",
    "Calls that a limit refused.",
    labels=("limit",),
    values=(
        "`calls`, `connection`, `watches`, `updates`, `pages`, `queue`, `memory`, `message`, "
        "`metadata`, `stopping`, `health`, `reflection`"
    ),
)
ERRORS = _CALLS.counter(
    "leaderboard_errors_total",
    "Errors that callers got from the service, those of single updates of a batch included.",
    labels=("reason",),
    values=(
        "the names of `ErrorReason` without their prefix, such as `CONTEST_NOT_OPEN`; "
        "`UNSPECIFIED` for an error without one"
    ),
)
RESPONSE_CACHE_HITS = _CALLS.counter(
    "leaderboard_response_cache_hits_total",
    "Calls that were answered from the response cache.",
    only=_FRONT,
)
CONNECTIONS_ENDED = _CALLS.counter(
    "leaderboard_connections_ended_total",
    "Connections that the front refused or ended.",
    labels=("cause",),
    values="`refused`, `idle`, `flood` or `unread`",
    only=_FRONT,
)
CALL_RECORDS_DROPPED = _CALLS.counter(
    "leaderboard_call_records_dropped_total",
    "Ended calls that the access log left out because the server did not keep up.",
)

_STORE = Group("Store")
STORE_CALL_SECONDS = _STORE.histogram(
    "leaderboard_store_call_seconds",
    "Time from the sending of a script to its reply, in seconds.",
    labels=("script",),
    values="the name of the script, such as `commit`, `ranks` or `top`",
    buckets=_STORE_SECONDS,
)
STORE_ERRORS = _STORE.counter(
    "leaderboard_store_errors_total",
    "Script calls that failed.",
    labels=("script", "cause"),
    values=(
        "script: as above; cause: `unreachable`, `timeout`, `full`, `read_only`, `loading`, "
        "`too_few_replicas`, `save_failed`, `no_rights`, `newer_schema` or `other`"
    ),
)
STORE_RESENDS = _STORE.counter(
    "leaderboard_store_resends_total", "Scripts that were sent again after a lost connection."
)
STORE_REDIRECTIONS = _STORE.counter(
    "leaderboard_store_redirections_total",
    "Scripts that a node of a cluster did not run, as another one has the slot, or has it soon.",
    only="with a cluster",
)
STORE_BATCH_SIZE = _STORE.histogram(
    "leaderboard_store_batch_size",
    "Updates of one commit, or ranks of one read.",
    labels=("kind",),
    values="`commit` or `rank`",
    buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000),
)
STORE_AVAILABLE = _STORE.gauge(
    "leaderboard_store_available",
    "1 if the store replies and passed its checks, else 0.",
    across_workers=AcrossWorkers.MIN,
)
STORE_SHARDS = _STORE.gauge(
    "leaderboard_store_shards",
    "Shards of the store: nodes of a cluster that serve slots, and one more while there are slots "
    "without a node; 1 without a cluster.",
    across_workers=AcrossWorkers.MAX,
)
STORE_SHARDS_AVAILABLE = _STORE.gauge(
    "leaderboard_store_shards_available",
    "Those of them that reply and passed their checks.",
    across_workers=AcrossWorkers.MIN,
)

_FEED = Group("Feed")
FEED_CONNECTED = _FEED.gauge(
    "leaderboard_feed_connected",
    "1 if the connection that delivers commits is open, in a cluster those to all shards that "
    "reply, else 0.",
    across_workers=AcrossWorkers.MIN,
)
FEED_CONNECTIONS = _FEED.counter(
    "leaderboard_feed_connections_total", "Times that the feed was connected."
)
FEED_MESSAGES = _FEED.counter("leaderboard_feed_messages_total", "Messages that the feed received.")
FEED_LAG_SECONDS = _FEED.histogram(
    "leaderboard_feed_lag_seconds",
    "Time from the reply to a commit of this server, or from the sending of a heartbeat, to "
    "its message in the feed, in seconds.",
    labels=("source",),
    values="`commit` or `heartbeat`",
    buckets=(*_STORE_SECONDS, 5),
)
FOLLOWED_CONTESTS = _FEED.gauge(
    "leaderboard_followed_contests", "Contests whose commit log is followed."
)
LOG_READS = _FEED.counter("leaderboard_log_reads_total", "Reads of a commit log to catch up.")

_BOARDS = Group("Boards")
TOP_WINDOWS = _BOARDS.gauge(
    "leaderboard_top_windows", "Contests whose first rows are kept in memory."
)
BOARD_READS = _BOARDS.counter(
    "leaderboard_board_reads_total",
    "Tops and pages that were read from memory or from the store.",
    labels=("source",),
    values="`window` or `store`",
)

_WATCHING = Group("Watching")
WATCHERS = _WATCHING.gauge(
    "leaderboard_watchers", "Open watches.", labels=("scope",), values="`top`, `users` or `all`"
)
WATCHED_CONTESTS = _WATCHING.gauge("leaderboard_watched_contests", "Contests with open watches.")
WATCH_SNAPSHOTS = _WATCHING.counter(
    "leaderboard_watch_snapshots_total",
    "Snapshots that were sent to watchers.",
    labels=("reason",),
    values="the names of `SnapshotReason` without their prefix, such as `INITIAL`",
)
WATCH_RESUMES = _WATCHING.counter(
    "leaderboard_watch_resumes_total",
    "Watches that began with `resume_after`.",
    labels=("result",),
    values="`resumed` or `snapshot`",
)
WATCHERS_LAGGED = _WATCHING.counter(
    "leaderboard_watchers_lagged_total",
    "Watchers that left a broadcast group because their buffer was full.",
)
WATCHERS_DROPPED = _WATCHING.counter(
    "leaderboard_watchers_dropped_total",
    "Watches that the server ended because the watcher accepted nothing.",
    labels=("cause",),
    values="`stalled`",
)

_CONTESTS = Group("Contests")
CONTESTS = _CONTESTS.gauge(
    "leaderboard_contests",
    "Contests at the latest complete sweep, which are a minute apart.",
    across_workers=AcrossWorkers.MAX,
    only="after the first sweep",
)
SWEEPS = _CONTESTS.counter(
    "leaderboard_sweeps_total",
    "Sweeps over all contests that ended.",
    labels=("result",),
    values="`complete` or `failed`",
)
SWEEP_SECONDS = _CONTESTS.histogram(
    "leaderboard_sweep_seconds",
    "Duration of a complete sweep, in seconds.",
    buckets=(0.1, 0.5, 1, 5, 10, 30, 60, 120),
)
EXPIRED_CONTESTS = _CONTESTS.counter(
    "leaderboard_expired_contests_total", "Expired contests that this server deleted."
)
ENDED_SEASONS = _CONTESTS.counter(
    "leaderboard_ended_seasons_total", "Seasons that this server ended."
)

_SERVER = Group("Server", AcrossWorkers.NONE)
BUILD_INFO = _SERVER.gauge(
    "leaderboard_build_info",
    "Always 1.",
    labels=("version", "listener", "python"),
    values="the version of the server, `front` or `grpcio`, and the version of Python",
)
WORKERS = _SERVER.gauge(
    "leaderboard_workers",
    "Workers that serve: one that has not answered the supervisor for 3 s is not counted. "
    "1 without a supervisor.",
)
WORKERS_CONFIGURED = _SERVER.gauge(
    "leaderboard_workers_configured",
    "Workers that should serve (`--workers`); 1 without a supervisor.",
)
WORKER_STARTS = _SERVER.counter(
    "leaderboard_worker_starts_total",
    "Workers that were started, those that replace others included.",
    only="with `--workers` above 1",
)

_EMBEDDED = Group("Embedded store", AcrossWorkers.NONE, only="with the embedded store")
EMBEDDED_MEMORY = _EMBEDDED.gauge("leaderboard_embedded_store_memory_bytes", "Memory, in bytes.")
EMBEDDED_MEMORY_LIMIT = _EMBEDDED.gauge(
    "leaderboard_embedded_store_memory_limit_bytes",
    "Memory from which on the store is full, in bytes; 0 for no limit.",
)
EMBEDDED_DISK = _EMBEDDED.gauge(
    "leaderboard_embedded_store_disk_bytes", "Size of the data folder, in bytes."
)
EMBEDDED_DISK_FREE = _EMBEDDED.gauge(
    "leaderboard_embedded_store_disk_free_bytes", "Free space for the data folder, in bytes."
)

_PROCESS = Group("Process")
LOOP_DELAY_SECONDS = _PROCESS.histogram(
    "leaderboard_event_loop_delay_seconds",
    "How much later than due a timer of the event loop ran, measured every 0.1 s, in seconds.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
PROCESS_CPU_SECONDS = _PROCESS.counter("process_cpu_seconds_total", "CPU time, in seconds.")
PROCESS_VIRTUAL_MEMORY_BYTES = _PROCESS.gauge(
    "process_virtual_memory_bytes", "Virtual memory, in bytes."
)
PROCESS_RESIDENT_MEMORY_BYTES = _PROCESS.gauge(
    "process_resident_memory_bytes", "Resident memory, in bytes."
)
PROCESS_OPEN_FDS = _PROCESS.gauge("process_open_fds", "Open file descriptors.")
PROCESS_MAX_FDS = _PROCESS.gauge(
    "process_max_fds", "File descriptors that may be open.", across_workers=AcrossWorkers.MIN
)
PROCESS_START_TIME_SECONDS = _PROCESS.gauge(
    "process_start_time_seconds",
    "Start time, in seconds since 1970.",
    across_workers=AcrossWorkers.MIN,
)

GROUPS = (_CALLS, _STORE, _FEED, _BOARDS, _WATCHING, _CONTESTS, _SERVER, _EMBEDDED, _PROCESS)
METRICS: tuple[Metric, ...] = tuple(metric for group in GROUPS for metric in group.metrics)
