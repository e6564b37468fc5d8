"""Draws plots of the overview, and of the cost by the size of the board."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from benchmarks.compare import value
from benchmarks.job import Sizes
from benchmarks.measure import Measurement
from benchmarks.overview import COLUMNS, Row, cell, rows
from benchmarks.tables import title_of

_COLOURS = {
    "front": "#0072b2",
    "grpcio": "#56b4e9",
    "seed_go": "#d55e00",
    "go_scripts": "#e69f00",
    "plain_python": "#999999",
}
_PANELS = 3
"""The panels beside each other."""
_TITLE_WIDTH = 54
_ROOM = 1.35
"""The width of a panel as a multiple of its longest bar: bars end with their figures."""


def draw_overview(sizes: Sizes, measurements: Sequence[Measurement], to: Path) -> bool:
    """Draw a panel of bars for each job of the overview; return whether there were any."""
    drawn = [
        row for row in rows(sizes) if any(cell(row, server, measurements) for server in COLUMNS)
    ]
    if not drawn:
        return False
    lines = -(-len(drawn) // _PANELS)
    figure = Figure(figsize=(13, 1.9 * lines + 0.7), layout="constrained")
    for number, row in enumerate(drawn, 1):
        _draw_bars(figure.add_subplot(lines, _PANELS, number), row, measurements)
    legend = [Patch(color=_COLOURS[server], label=title) for server, title in COLUMNS.items()]
    figure.legend(handles=legend, loc="outside upper center", ncols=len(legend), frameon=False)
    figure.savefig(to, metadata={"Date": None})
    return True


def _draw_bars(axes: Axes, row: Row, measurements: Sequence[Measurement]) -> None:
    found = [(server, cell(row, server, measurements)) for server in COLUMNS]
    bars = [(server, shown) for server, shown in reversed(found) if shown]
    figures = [shown.figure for _, shown in bars]
    axes.barh(range(len(bars)), figures, color=[_COLOURS[server] for server, _ in bars])
    longest = max(figures) or 1.0
    for line, (_, shown) in enumerate(bars):
        axes.text(shown.figure + 0.01 * longest, line, shown.text, va="center", fontsize=8)
    axes.set_xlim(0, _ROOM * longest)
    better = "shorter" if row.is_duration else "longer"
    axes.set_xlabel(f"{row.unit}, {better} is better", fontsize=8)
    axes.set_title(textwrap.fill(row.text, _TITLE_WIDTH), fontsize=9, loc="left")
    axes.set_yticks([])
    axes.tick_params(labelsize=7)
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter("{x:g}" if row.is_duration else "{x:,.0f}")
    axes.spines[["top", "right"]].set_visible(False)


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
