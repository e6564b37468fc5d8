"""Draws plots of the ratios to the peers, and of the cost by the size of the board."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.compare import value
from benchmarks.job import Sizes
from benchmarks.measure import Measurement
from benchmarks.tables import title_of
from benchmarks.targets import Target

_COLOURS = {
    "front": "#0072b2",
    "grpcio": "#56b4e9",
    "seed_go": "#d55e00",
    "go_scripts": "#e69f00",
    "plain_python": "#999999",
}


def draw_ratios(targets: Sequence[Target], measurements: Sequence[Measurement], to: Path) -> bool:
    """Draw reached ratios as shares of the targets; return whether there were any."""
    bars = [
        (f"{target.title} ({target.listener})", target, reached)
        for target in reversed(targets)
        if target.bound and (reached := target.ratio(measurements)) is not None
    ]
    if not bars:
        return False
    figure = Figure(figsize=(9, 0.4 * len(bars) + 1), layout="constrained")
    axes = figure.add_subplot()
    # the inverse of a ratio with an upper bound, so that longer is always better
    shares = [
        bound / reached if target.at_most else reached / bound
        for _, target, reached in bars
        for bound in (target.bound or reached,)
    ]
    colours = [_COLOURS[target.listener] for _, target, _ in bars]
    axes.barh([label for label, _, _ in bars], shares, color=colours)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlabel("reached, as a share of the target (longer is better)")
    figure.savefig(to, metadata={"Date": None})
    return True


def draw_growth(sizes: Sizes, measurements: Sequence[Measurement], to: Path) -> bool:
    """Draw writes and ranks per second by the size of the board; return whether there were any."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    both = (figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2))
    drawn = False
    for axes, job, title in zip(
        both, ("update", "rank"), ("UpdateScore", "GetUserRank"), strict=True
    ):
        for server, colour in _COLOURS.items():
            points = [
                (size, rate)
                for name, size in sizes.boards.items()
                if (rate := value(measurements, server, f"{job}_{name}")) is not None
            ]
            if points:
                axes.plot(*zip(*points, strict=True), "o-", color=colour, label=title_of(server))
                drawn = True
        axes.set(title=title, xlabel="users of the contest", ylabel="calls/s", xscale="log")
        axes.set_ylim(bottom=0)
        axes.legend()
    figure.savefig(to, metadata={"Date": None})
    return drawn
