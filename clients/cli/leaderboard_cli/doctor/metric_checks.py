"""Judges the metrics of a server. The thresholds are those of the alerts in `deploy/prometheus`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from leaderboard_cli.doctor.metrics import MetricsReader, MetricsUnreadable, Period
from leaderboard_cli.doctor.results import CheckResult, Verdict
from leaderboard_cli.latencies import milliseconds

SECONDS = 2.0
"""The time between the two readings, at least."""

NEAR_LIMIT = 0.8
STORE_NEARLY_FULL = 0.85
LATE_TIMER = 0.25
LATE_MESSAGE = 1.0
LOW_DISK = 1 << 30
FULL_DISK = 1 << 28

_BUILD = "leaderboard_build_info"
_EXPECTED_REFUSALS = {"stopping"}


def read_first(addresses: str) -> list[MetricsReader]:
    """Read the metrics of each server for the first time; the addresses have commas in between."""
    readers = [
        MetricsReader(address.strip()) for address in addresses.split(",") if address.strip()
    ]
    for reader in readers:
        reader.begin()
    return readers


def check_all_metrics(readers: Sequence[MetricsReader]) -> Iterator[CheckResult]:
    """Yield what the metrics say; if there are several servers, each check has its address."""
    for reader in readers:
        for result in _check_metrics(reader):
            name = f"{result.check} of {reader.address}" if len(readers) > 1 else result.check
            yield replace(result, check=name)


def _check_metrics(reader: MetricsReader) -> Iterator[CheckResult]:
    """Yield the results of one server, after the second reading."""
    try:
        period = reader.end(after=SECONDS)
    except MetricsUnreadable as error:
        found = f"{reader.address} can't be read: {error}"
        to_do = "serve with --metrics-address, and check the address"
        yield CheckResult("metrics", Verdict.FAIL, found, to_do)
        return
    if _BUILD not in period.after:
        to_do = "check which program listens at that address"
        found = f"{reader.address} has no metrics of a leaderboard server"
        yield CheckResult("metrics", Verdict.FAIL, found, to_do)
        return
    build = period.after.labels(_BUILD)
    found = f"version {build.get('version')}, listener {build.get('listener')}"
    yield CheckResult("metrics", Verdict.OK, found)
    # A supervisor whose workers have all ended knows nothing of the store.
    if "leaderboard_store_available" in period.after:
        yield _store(period)
        yield _feed(period)
        yield _limits(period)
        yield _errors(period)
        yield _watchers(period)
        yield _event_loop(period)
    if "leaderboard_worker_starts_total" in period.after:
        yield _workers(period)
    # A store that has no disk left may not reply, and then has no memory.
    if "leaderboard_embedded_store_memory_bytes" in period.after:
        yield _embedded_memory(period)
    if "leaderboard_embedded_store_disk_free_bytes" in period.after:
        yield _embedded_disk(period)


def _store(period: Period) -> CheckResult:
    check = "metrics: store"
    if not period.after.value("leaderboard_store_available"):
        found = "the server has no store, or can't use it"
        to_do = "look in its log for `store_unavailable`, `store_is_replica`, `store_no_rights`"
        return CheckResult(check, Verdict.FAIL, found, to_do)
    if away := _shards_away(period):
        found = f"{away:,.0f} of the shards of its cluster can't be used"
        to_do = "look in its log for `shard_unavailable`; run doctor with LEADERBOARD_REDIS_URL set"
        return CheckResult(check, Verdict.FAIL, found, to_do)
    if failed := period.grown("leaderboard_store_errors_total", "cause"):
        to_do = "look in the server's log for `store_refused`, and at the store"
        return CheckResult(check, Verdict.WARN, f"calls to it failed: {_listed(failed)}", to_do)
    return CheckResult(check, Verdict.OK, "available; no call to it failed")


def _shards_away(period: Period) -> float:
    """Return how many shards can't be used."""
    now = period.after
    return now.value("leaderboard_store_shards") - now.value("leaderboard_store_shards_available")


def _feed(period: Period) -> CheckResult:
    check = "metrics: feed"
    if not period.after.value("leaderboard_feed_connected"):
        found = "the server gets no commits, and its watchers no changes"
        if _shards_away(period):
            found += ", of the shards that can't be used"
        to_do = "look in its log for `feed_lost`, and at the store"
        return CheckResult(check, Verdict.FAIL, found, to_do)
    lag = period.quantile("leaderboard_feed_lag_seconds", 0.99)
    if lag is not None and lag > LATE_MESSAGE:
        found = f"1 % of the messages took more than {milliseconds(LATE_MESSAGE)}"
        to_do = "see `metrics: event loop`, and how fast the store replies"
        return CheckResult(check, Verdict.WARN, found, to_do)
    return CheckResult(check, Verdict.OK, "connected" + _within(lag, "messages"))


def _limits(period: Period) -> CheckResult:
    check, now = "metrics: limits", period.after
    used = {
        "calls": _share(period, "leaderboard_calls_in_flight", "leaderboard_calls_limit"),
        "watches": _share(period, "leaderboard_watches_open", "leaderboard_watches_limit"),
        "connections": _share(
            period, "leaderboard_connections_open", "leaderboard_connections_limit"
        ),
    }
    refused = period.grown("leaderboard_refusals_total", "limit")
    refused = {limit: count for limit, count in refused.items() if limit not in _EXPECTED_REFUSALS}
    near = [f"{share:.0%} of the {name}" for name, share in used.items() if share > NEAR_LIMIT]
    if near or refused:
        parts = [f"{', '.join(near)} in use"] if near else []
        parts += [f"calls refused: {_listed(refused)}"] if refused else []
        to_do = "see docs/runbook.md, LeaderboardCallsRefused: raise the limit or add servers"
        return CheckResult(check, Verdict.WARN, "; ".join(parts), to_do)
    since = round(now.value("leaderboard_refusals_total"))
    return CheckResult(check, Verdict.OK, f"none is near; {since:,} calls refused since the start")


def _errors(period: Period) -> CheckResult:
    count = period.after.by("leaderboard_errors_total", "reason")["INTERNAL"]
    if count:
        found = f"{count:,.0f} unexpected errors since the start"
        to_do = "look in the server's log for `internal_error`, which has the trace"
        return CheckResult("metrics: errors", Verdict.WARN, found, to_do)
    return CheckResult("metrics: errors", Verdict.OK, "no unexpected ones since the start")


def _watchers(period: Period) -> CheckResult:
    check = "metrics: watchers"
    names = {
        "lagging": "leaderboard_watchers_lagged_total",
        "dropped": "leaderboard_watchers_dropped_total",
    }
    grown = {word: sum(period.grown(name, "").values()) for word, name in names.items()}
    if bad := {word: count for word, count in grown.items() if count}:
        to_do = "they are too slow for their messages: a min_interval or a smaller limit helps"
        return CheckResult(check, Verdict.WARN, _listed(bad), to_do)
    found = f"{period.after.value('leaderboard_watchers'):,.0f} open, none lagging or dropped"
    return CheckResult(check, Verdict.OK, found)


def _event_loop(period: Period) -> CheckResult:
    check = "metrics: event loop"
    late = period.quantile("leaderboard_event_loop_delay_seconds", 0.99)
    if late is not None and late > LATE_TIMER:
        found = f"1 % of the timers ran more than {milliseconds(LATE_TIMER)} late"
        to_do = "the server has too little CPU: use more workers or servers, or the front"
        return CheckResult(check, Verdict.WARN, found, to_do)
    return CheckResult(check, Verdict.OK, "in time" + _within(late, "timers"))


def _workers(period: Period) -> CheckResult:
    check = "metrics: workers"
    serving = period.after.value("leaderboard_workers")
    configured = period.after.value("leaderboard_workers_configured")
    if serving < configured:
        found = f"{serving:,.0f} of {configured:,.0f} serve"
        to_do = "see docs/runbook.md, LeaderboardWorkersMissing: /livez names one that hangs"
        return CheckResult(check, Verdict.FAIL, found, to_do)
    ended = period.after.value("leaderboard_worker_starts_total") - configured
    if ended > 0:
        found = f"{serving:,.0f} serve, {ended:,.0f} ended since the start of the server"
        to_do = "look in its log for `worker_ended`"
        return CheckResult(check, Verdict.WARN, found, to_do)
    return CheckResult(check, Verdict.OK, f"{serving:,.0f} serve, none has ended")


def _embedded_memory(period: Period) -> CheckResult:
    check = "metrics: memory of the embedded store"
    share = _share(
        period,
        "leaderboard_embedded_store_memory_bytes",
        "leaderboard_embedded_store_memory_limit_bytes",
    )
    found = f"{share:.0%} used" if share else "without a limit"
    if share > STORE_NEARLY_FULL:
        to_do = "raise --embedded-max-memory, or delete contests: a full store refuses writes"
        return CheckResult(check, Verdict.WARN, found, to_do)
    return CheckResult(check, Verdict.OK, found)


def _embedded_disk(period: Period) -> CheckResult:
    check = "metrics: disk of the embedded store"
    free = period.after.value("leaderboard_embedded_store_disk_free_bytes")
    used = period.after.value("leaderboard_embedded_store_disk_bytes")
    found = f"{_size(used)} used, {_size(free)} free"
    if free < LOW_DISK or free < used:
        verdict = Verdict.FAIL if free < FULL_DISK else Verdict.WARN
        to_do = "make room: a rewrite of its file needs as much again as is used"
        return CheckResult(check, verdict, found, to_do)
    return CheckResult(check, Verdict.OK, found)


def _share(period: Period, used: str, limit: str) -> float:
    most = period.after.value(limit)
    return period.after.value(used) / most if most else 0.0


def _within(bound: float | None, what: str) -> str:
    return f"; 99 % of the {what} within {milliseconds(bound)}" if bound else ""


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _size(count: float) -> str:
    return f"{count / 2**30:,.1f} GiB" if count >= LOW_DISK else f"{count / 2**20:,.1f} MiB"
