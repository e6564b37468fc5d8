"""Jobs: the calls, their boards, and the measured figure."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from benchmarks.seeding import Dataset

SERVICE = ("front", "grpcio")
PEERS = ("seed_go", "plain_python")


class Tool(StrEnum):
    """The program that makes the load."""

    LOAD = "load"
    H2LOAD = "h2load"
    STORE = "store"
    """The script of the service, called on the store without a server."""
    OVERLOAD = "overload"
    """The load twice: at the highest rate of the server, then at three times that rate."""
    HOLD = "hold"
    """Watchers of an idle contest, to measure their memory."""


@dataclass(frozen=True)
class Job:
    """One kind of measurement."""

    name: str
    title: str
    dataset: Dataset
    unit: str
    figure: str
    """The measured figure in the result of the load, as a path of names with dots."""
    arguments: tuple[str, ...] = ()
    servers: tuple[str, ...] = (*SERVICE, *PEERS)
    tool: Tool = Tool.LOAD
    writes: bool = False
    may_fail: bool = False
    """True if calls may fail, as at a fixed rate above the capacity of a server."""
    details: tuple[str, ...] = field(default=())
    """Further figures that the table shows."""

    @property
    def load_arguments(self) -> tuple[str, ...]:
        """Return the arguments of the load: the boards, and the calls to make."""
        dataset = self.dataset
        size = ("-contests", str(dataset.contests), "-users", str(dataset.users))
        return (*size, *self.arguments)


@dataclass(frozen=True)
class Sizes:
    """The sizes of boards, and the numbers of watchers."""

    users: int
    """The users of the large board."""
    contests: int
    users_each: int
    growth: tuple[int, ...]
    """The sizes of boards on which writes and ranks are compared."""
    crowds: tuple[int, ...]
    """Numbers of watchers."""


FULL = Sizes(1_000_000, 1_000, 1_000, (1_000, 100_000, 1_000_000, 10_000_000), (1_000, 10_000))
QUICK = Sizes(100_000, 200, 100, (1_000, 100_000), (1_000,))

_LATENCIES = ("p50_us", "p99_us", "p999_us")

IN_FLIGHT = ("-streams", "64")
"""Calls in flight on each of the 4 connections of the load where throughput is measured. With 16
neither the service nor its load is busy, so that would measure the duration of a call."""


def all_jobs(sizes: Sizes) -> list[Job]:
    """Return all jobs, grouped by their boards."""
    big = Dataset(1, sizes.users)
    many = Dataset(sizes.contests, sizes.users_each)
    return [
        *_fan_out(sizes.crowds),
        *_growth(sizes.growth),
        _update("update_many", f"UpdateScore, {sizes.contests:,} contests", many),
        _update("update_hot", "UpdateScore, hot contest", big),
        _few_in_flight(_update("update_hot_64", "The same, 64 in flight", big)),
        _overload(big),
        *_reads(big),
        *_mixed(big),
        *_batches(big),
    ]


def _update(name: str, title: str, dataset: Dataset) -> Job:
    return Job(
        name,
        title,
        dataset,
        "calls/s",
        "kinds.update.rate",
        ("-job", "update", *IN_FLIGHT),
        writes=True,
        details=tuple(f"kinds.update.{each}" for each in _LATENCIES),
    )


def _few_in_flight(job: Job) -> Job:
    return replace(job, arguments=job.arguments[:2])


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


def _rank(name: str, title: str, dataset: Dataset) -> Job:
    arguments = ("-job", "rank", *IN_FLIGHT)
    details = tuple(f"kinds.rank.{each}" for each in _LATENCIES)
    return Job(name, title, dataset, "calls/s", "kinds.rank.rate", arguments, details=details)


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
        _rank("rank", f"GetUserRank, {big.users:,} users", big),
        _few_in_flight(_rank("rank_64", "The same, 64 in flight", big)),
    ]


def _tops(big: Dataset, limit: int) -> list[Job]:
    busy = Job(
        f"top{limit}_busy",
        f"GetTopUsers({limit}) while 500 updates/s run",
        big,
        "calls/s",
        "kinds.top.rate",
        ("-job", "top", "-limit", str(limit), "-writes", "500"),
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


def _fan_out(crowds: tuple[int, ...]) -> list[Job]:
    small = Dataset(1, 1_000)
    jobs = []
    for watchers in crowds:
        spread = ("-watchers", str(watchers), "-connections", str(max(10, watchers // 100)))
        fan_out = Job(
            f"fanout_{watchers}",
            f"Fan-out to {watchers:,} watchers",
            small,
            "messages/s",
            "message_rate",
            ("-mode", "watch", *spread),
            writes=True,
            details=("delivery_rate", "last_p50_us", "last_p99_us"),
        )
        bare = replace(
            fan_out,
            name=f"stream_{watchers}",
            title=f"Writing to {watchers:,} streams",
            arguments=("-mode", "stream", *spread),
            servers=("bare_grpcio",),
            writes=False,
            details=(),
        )
        jobs += [fan_out, bare]
    held = ("-mode", "hold", "-watchers", "1000", "-connections", "10")
    idle = Job(
        "idle_watchers",
        "Memory of 1,000 idle watchers",
        small,
        "KiB",
        "kib",
        held,
        tool=Tool.HOLD,
    )
    return [*jobs, idle]


def _growth(users: tuple[int, ...]) -> list[Job]:
    jobs = []
    for size in users:
        dataset = Dataset(1, size)
        jobs += [
            _update(f"update_{size}", f"UpdateScore, {size:,} users", dataset),
            _rank(f"rank_{size}", f"GetUserRank, {size:,} users", dataset),
        ]
    return jobs
