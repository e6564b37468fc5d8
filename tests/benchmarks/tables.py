"""Writes results as tables of Markdown."""

from collections.abc import Iterable, Sequence

from benchmarks.compare import detail, shares, value
from benchmarks.job import Job
from benchmarks.measure import Measurement
from benchmarks.servers import SERVERS
from benchmarks.targets import NONE, SAME, Target

_STORE_TITLE = "the store alone"


def title_of(server: str) -> str:
    """Return the title of a server."""
    return SERVERS[server].title if server in SERVERS else _STORE_TITLE


def targets_table(targets: Iterable[Target], measurements: Sequence[Measurement]) -> str:
    """Return the table of ratios, with the bounds to reach."""
    rows = []
    for target in targets:
        reached = target.ratio(measurements)
        shown = "" if reached is None else f"{reached:.2f}"
        peer = target.peer if target.peer in (SAME, NONE) else title_of(target.peer)
        if target.peer == "bare_grpcio":
            peer += ", the same call empty" if target.peer_job == "empty" else ", writing alone"
        bounds = (_bound(target, target.bound), _bound(target, target.aim))
        rows.append(
            (target.title, target.listener, peer, *bounds, shown, _verdict(target, reached))
        )
    return table(("job", "listener", "ratio to", "bound", "aim", "reached", "met"), rows)


def _bound(target: Target, bound: float | None) -> str:
    if bound is None:
        return ""
    return f"{'at most' if target.at_most else 'at least'} {bound:g}"


def _verdict(target: Target, reached: float | None) -> str:
    if reached is None:
        return "not measured"
    if target.bound is None:
        return "measured" if target.aim is None else _side(target, reached)
    if not target.met_by(reached):
        return "**no**"
    return "yes, the aim too" if target.aim_met_by(reached) else "yes"


def _side(target: Target, reached: float) -> str:
    return "measured: ahead" if target.aim_met_by(reached) else "measured: behind"


def jobs_table(jobs: Iterable[Job], measurements: Sequence[Measurement]) -> str:
    """Return the table of medians of every job and server, with the load of the server."""
    rows = []
    for job in jobs:
        for server in job.servers:
            median = value(measurements, server, job.name)
            if median is None:
                continue
            server_share, store_share, load_share = shares(measurements, server, job.name)
            details = [
                f"{name.removesuffix('_us').replace('_', ' ')} {_figure(name, found)}"
                for name in (path.rpartition(".")[2] for path in job.details)
                if (found := detail(measurements, server, job.name, name)) is not None
            ]
            shown = f"{median:,.0f} {job.unit}"
            used = f"{server_share:.0%}" if server in SERVERS else ""
            cores = (used, f"{store_share:.0%}", f"{load_share:.0%}" if used else "")
            rows.append((job.title, title_of(server), shown, *cores, ", ".join(details)))
    return table(("job", "server", "median", "server's core", "store's", "load's", "beside"), rows)


def memory_table(store_bytes: dict[str, dict[str, float]]) -> str:
    """Return the table of store memory for a million users."""
    rows = [
        (size, *(f"{taken:,.0f} MB" for taken in layouts.values()))
        for size, layouts in store_bytes.items()
    ]
    return table(("contests x users", "the service", "one plain ZSET"), rows)


def _figure(name: str, found: float) -> str:
    if name.endswith("_us"):
        return f"{found / 1000:,.1f} ms"
    return f"{found:,.0f}/s" if name.endswith("rate") else f"{found:,.0f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
