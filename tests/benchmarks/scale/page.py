"""Writes the figures as tables of Markdown."""

from collections.abc import Mapping, Sequence

from benchmarks.scale.callers import Cost as CallCost
from benchmarks.scale.followers import Cost
from benchmarks.scale.many_contests import Result
from benchmarks.scale.one_contest import OneContest
from benchmarks.tables import table

_MB = 1e6


def contest_table(users: int, measured: Mapping[str, OneContest]) -> str:
    """Return what one contest takes and how much it can be asked, by the name of the store."""
    found = list(measured.values())
    sizes = [one.size for one in found]
    rows = [
        ("memory of the data", *(f"{size.data / _MB:,.0f} MB" for size in sizes)),
        ("- for each user", *(f"{size.data / users:.0f} bytes" for size in sizes)),
        ("memory of the process", *(f"{size.resident / _MB:,.0f} MB" for size in sizes)),
    ]
    for of_stores in zip(*(one.rates for one in found), strict=True):
        rates = (f"{_rate(each.rate)}/s ({each.busy:.0%})" for each in of_stores)
        rows.append((of_stores[0].title, *rates))
    rows += [
        ("a snapshot", *(f"{size.file / _MB:,.0f} MB" for size in sizes)),
        ("- stands still to begin it", *(f"{1000 * size.fork_s:.0f} ms" for size in sizes)),
        ("- takes then", *(f"{size.save_s:.1f} s" for size in sizes)),
        ("start with the snapshot", *(f"{size.load_s:.1f} s" for size in sizes)),
    ]
    return table((f"one contest of {users:,} users", *measured), rows)


def shards_table(results: Sequence[Result]) -> str:
    """Return how many updates one node and a cluster take."""
    head = ("calls by", "masters", "on cores", "updates/s", "nodes, each", "caller, each")
    rows = [
        (
            each.caller,
            str(each.shards),
            str(each.cores),
            _rate(each.rate),
            f"{each.nodes_us:.1f} µs",
            f"{each.caller_us:.1f} µs",
        )
        for each in results
    ]
    return table(head, rows)


def followers_table(costs: Sequence[Cost]) -> str:
    """Return what servers that follow a contest cost its node."""
    rows = [(str(cost.followers), f"{cost.node_us:.1f} µs") for cost in costs]
    return table(("servers that follow the contest", "node, each commit"), rows)


def callers_table(costs: Sequence[CallCost]) -> str:
    """Return what a call costs the process that calls."""
    rows = [(cost.caller, f"{cost.cpu_us:.1f} µs") for cost in costs]
    return table(("calls of a script", "caller, each"), rows)


def _rate(found: float) -> str:
    """Return a rate with three digits."""
    return f"{float(f'{found:.3g}'):,.0f}"
