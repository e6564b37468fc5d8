"""All jobs, grouped by their boards."""

from dataclasses import replace

from benchmarks.job import PEERS, SCRIPTS, SERVICE, Job, Sizes, Tool
from benchmarks.seeding import Dataset

_ALL = (*SERVICE, *PEERS, SCRIPTS)

_LATENCIES = ("p50_us", "p99_us", "p999_us")

_IN_FLIGHT = ("-streams", "64")
"""Calls in flight on each of the 4 connections of the load where throughput is measured. With 16
neither the service nor its load is busy, so that would measure the duration of a call."""
_ONE = ("-connections", "1", "-streams", "1")


def all_jobs(sizes: Sizes) -> list[Job]:
    """Return all jobs, grouped by their boards."""
    boards = {name: Dataset(1, users) for name, users in sizes.boards.items()}
    found = []
    for name, board in boards.items():
        if name == "small":
            found += _fan_out(sizes.crowds, board)
        found += [_update(name, board), _rank(name, board)]
        if name == "hot":
            found += _hot(board)
        if name == "big":
            found += [*_reads(board), *_mixed(board), _overload(board), *_batches(board)]
    found.append(_synced(boards["hot"]))
    many = Dataset(sizes.contests, sizes.users_each)
    title = f"UpdateScore, {sizes.contests:,} contests"
    return [*found, replace(_update("many", many), title=title)]


def _update(name: str, dataset: Dataset) -> Job:
    return replace(_calls("update", "UpdateScore", name, dataset), writes=True)


def _rank(name: str, dataset: Dataset) -> Job:
    return _calls("rank", "GetUserRank", name, dataset)


def _calls(kind: str, method: str, name: str, dataset: Dataset) -> Job:
    return Job(
        f"{kind}_{name}",
        f"{method}, {dataset.users:,} users",
        dataset,
        "calls/s",
        f"kinds.{kind}.rate",
        ("-job", kind, *_IN_FLIGHT),
        servers=_ALL,
        details=tuple(f"kinds.{kind}.{each}" for each in _LATENCIES),
    )


def _hot(board: Dataset) -> list[Job]:
    update, rank = _update("hot", board), _rank("hot", board)
    ids = replace(update, request_ids=True)
    return [
        _few_in_flight(update),
        _few_in_flight(rank),
        _one_at_a_time(update, "kinds.update"),
        _one_at_a_time(rank, "kinds.rank"),
        # last, since the store keeps the ids
        replace(ids, name="update_hot_ids", title=f"{update.title}, with request ids"),
    ]


def _few_in_flight(job: Job) -> Job:
    name, title = f"{job.name}_64", f"{job.title}, 64 in flight"
    return replace(job, name=name, title=title, arguments=job.arguments[:2])


def _one_at_a_time(job: Job, kind: str) -> Job:
    return replace(
        job,
        name=f"{job.name}_one",
        title=f"{job.title}, one call at a time, p50",
        unit="µs",
        figure=f"{kind}.p50_us",
        arguments=(*job.arguments[:2], *_ONE),
        details=(f"{kind}.p99_us", f"{kind}.p999_us", f"{kind}.rate"),
    )


def _synced(board: Dataset) -> Job:
    update = _update("hot", board)
    name, title = f"{update.name}_synced", f"{update.title}, every write synced"
    return replace(update, name=name, title=title, every_write_synced=True)


def _overload(big: Dataset) -> Job:
    return Job(
        "overload",
        "Successful calls at three times the peak rate",
        big,
        "% of the peak",
        "goodput_percent",
        ("-job", "update", "-connections", "64"),
        servers=SERVICE,
        tool=Tool.OVERLOAD,
        writes=True,
        may_fail=True,
        details=("peak_rate", "offered_rate", "good_rate"),
    )


def _reads(big: Dataset) -> list[Job]:
    idle = Job(
        "empty",
        "An empty call",
        big,
        "calls/s",
        "kinds.empty.rate",
        ("-job", "empty"),
        servers=("bare_grpcio",),
    )
    return [
        idle,
        replace(
            idle,
            name="empty_h2load",
            title="An empty call, h2load",
            tool=Tool.H2LOAD,
            arguments=("0",),
            figure="rate",
        ),
        *(job for limit in (10, 100) for job in _tops(big, limit)),
    ]


def _tops(big: Dataset, limit: int) -> list[Job]:
    busy = Job(
        f"top{limit}_busy",
        f"GetTopUsers({limit}) while 500 updates/s run",
        big,
        "calls/s",
        "kinds.top.rate",
        ("-job", "top", "-limit", str(limit), "-writes", "500"),
        servers=_ALL,
        writes=True,
        details=("kinds.top.p99_us", "kinds.write.rate"),
    )
    idle = replace(
        busy,
        name=f"top{limit}_idle",
        title=f"GetTopUsers({limit}), idle",
        figure="rate",
        arguments=(str(limit),),
        tool=Tool.H2LOAD,
        writes=False,
        details=(),
    )
    return [idle, busy]


def _mixed(big: Dataset) -> list[Job]:
    rate = 2_000
    mix = Job(
        "mix",
        "80 % rank, 15 % top, 5 % update",
        big,
        "calls/s",
        "total_rate",
        ("-job", "mix"),
        servers=_ALL,
        writes=True,
    )
    steady = replace(
        mix,
        name="latency",
        title=f"p99 of the same at {rate:,} calls/s",
        unit="µs",
        figure="p99_us",
        arguments=("-job", "mix", "-rate", str(rate)),
        may_fail=True,
        details=("p50_us", "p999_us", "total_rate", "failed", "late_us"),
    )
    return [mix, steady]


def _batches(big: Dataset) -> list[Job]:
    few = ("-job", "batch", "-connections", "2", "-streams", "2")
    batch = Job(
        "batch",
        "BatchUpdateScores of 1,000",
        big,
        "updates/s",
        "update_rate",
        few,
        writes=True,
    )
    store = replace(
        batch,
        title="The store alone, commits of 1,000",
        name="store_groups",
        figure="rate",
        arguments=("1000",),
        servers=("store",),
        tool=Tool.STORE,
    )
    single = replace(
        store, name="store_single", title="The store alone, commits of 1", arguments=("1",)
    )
    return [batch, store, single]


def _fan_out(crowds: tuple[int, ...], small: Dataset) -> list[Job]:
    jobs = []
    for watchers in crowds:
        connections = max(10, watchers // 100)
        fan_out = _watch(f"fanout_{watchers}", watchers, connections, small)
        bare = replace(
            fan_out,
            name=f"stream_{watchers}",
            title=f"Writing to {watchers:,} streams on {connections} connections",
            arguments=("-mode", "stream", *fan_out.arguments[2:]),
            servers=("bare_grpcio",),
            writes=False,
            details=(),
        )
        jobs += [fan_out, bare]
    least = crowds[0]
    each = replace(
        _watch(f"fanout_{least}_each", least, least, small),
        title=f"Fan-out to {least:,} watchers with a connection each",
    )
    title, held = "Memory of 1,000 idle watchers", ("-mode", "hold", "-watchers", "1000")
    arguments = (*held, "-connections", "10")
    idle = Job("idle_watchers", title, small, "KiB", "kib", arguments, tool=Tool.HOLD)
    return [*jobs, each, idle]


def _watch(name: str, watchers: int, connections: int, small: Dataset) -> Job:
    spread = ("-watchers", str(watchers), "-connections", str(connections))
    return Job(
        name,
        f"Fan-out to {watchers:,} watchers on {connections} connections",
        small,
        "messages/s",
        "message_rate",
        ("-mode", "watch", *spread),
        writes=True,
        details=("delivery_rate", "last_p50_us", "last_p99_us"),
    )
