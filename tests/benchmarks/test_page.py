"""Tests of the page that a whole run writes."""

from pathlib import Path

from benchmarks.campaign import Outcome, Plan
from benchmarks.job import QUICK
from benchmarks.jobs import all_jobs
from benchmarks.measure import Measurement
from benchmarks.overview import COLUMNS, overview_table
from benchmarks.page import write_page


def measured(server: str, job: str, figure: float) -> Measurement:
    """Return a possible result of a run."""
    return Measurement(job, server, 1, figure, 0.9, 0.5, {})


def line_of(job: str, table: str) -> list[str]:
    """Return the cells of a row, without the job's."""
    (line,) = (line for line in table.splitlines() if job in line)
    return [cell.strip() for cell in line.strip("|").split("|")[1:]]


def test_the_overview_has_plain_figures_with_units() -> None:
    """Rates are rounded, durations are milliseconds, and jobs that a server lacks are empty."""
    runs = [
        measured("front", "update_hot", 52_397.4),
        measured("go_scripts", "update_hot", 987.6),
        measured("front", "latency", 1_764.0),
        measured("grpcio", "latency", 223.0),
        measured("plain_python", "latency", 60_030_975.0),
    ]

    table = overview_table(QUICK, runs)

    assert line_of("256 calls at a time", table) == ["52,400/s", "", "", "988/s", ""]
    assert line_of("2,000 calls/s", table) == ["1.76 ms", "0.223 ms", "", "", "can't keep up"]


def test_the_page_opens_with_a_table_and_a_picture(tmp_path: Path) -> None:
    """Then come what the comparison does not show, how it is measured, the ratios, and all jobs."""
    jobs = all_jobs(QUICK)
    runs = [measured(server, job.name, 1_000.0) for job in jobs for server in job.servers]
    outcome = Outcome(runs, stores={"all other jobs": "no append-only file"})
    plan = Plan(jobs, list(COLUMNS), 3.0, 3, append_only=False)

    write_page(tmp_path / "page.md", tmp_path, plan, QUICK, outcome, {"date": "today"}, "bench")

    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    parts = [
        "| job | the service, with the front |",
        "benchmarks/overview.svg",
        "## What the comparison does not show",
        "## How it is measured",
        "| store of all other jobs | no append-only file |",
        "## Ratios",
        "## All jobs",
        "benchmarks/growth.svg",
    ]
    assert sorted(parts, key=page.index) == parts
    for picture in ("overview", "growth"):
        assert (tmp_path / f"{picture}.svg").read_text(encoding="utf-8").startswith("<?xml")
