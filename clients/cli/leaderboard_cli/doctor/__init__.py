"""The command `doctor`: checks a server, and says what to do about each problem."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from leaderboard_cli.doctor.checks import run_checks
from leaderboard_cli.doctor.metric_checks import check_all_metrics, read_first
from leaderboard_cli.doctor.results import CheckResult, Verdict
from leaderboard_cli.doctor.store import contributed_checks
from leaderboard_cli.failures import ExitCode
from leaderboard_cli.options import AsJson, calls_server, examples
from leaderboard_cli.output import console, print_line, print_record, safe
from leaderboard_cli.target import Target

_STYLES = {
    Verdict.OK: "green",
    Verdict.UNKNOWN: "dim",
    Verdict.WARN: "yellow",
    Verdict.FAIL: "bold red",
}
_SUMMARIES = {
    Verdict.OK: "all is well",
    Verdict.UNKNOWN: "all is well, as far as can be checked from here",
    Verdict.WARN: "it works; see the warnings",
    Verdict.FAIL: "something does not work; begin with the first FAIL",
}
_EXIT_CODES = {Verdict.WARN: ExitCode.WARNED, Verdict.FAIL: ExitCode.FAILED}

EXAMPLES = examples(
    ("leaderboard doctor", "checks the server on this machine"),
    ("leaderboard doctor --write", "also writes a score, to the contest `doctor`"),
    ("LEADERBOARD_REDIS_URL=redis://redis.example leaderboard doctor", "also checks the store"),
    ("leaderboard doctor --metrics-address 127.0.0.1:9464", "also looks at the metrics"),
    ("leaderboard doctor --server board.example:443 --ca ca.pem", "checks a server with TLS"),
    ("leaderboard doctor --json | jq .worst", "prints the worst verdict for a script"),
)


@calls_server
def doctor(
    *,
    write: Annotated[
        bool,
        typer.Option("--write", help="Also write a score, to the contest `doctor`, which stays."),
    ] = False,
    redis_url: Annotated[
        str | None,
        typer.Option(
            envvar="LEADERBOARD_REDIS_URL",
            metavar="URL",
            show_envvar=True,
            help="Also check this store itself, as a server does at its start. Pass a URL with a "
            "password as the variable, because other users can see command lines.",
        ),
    ] = None,
    redis_password_file: Annotated[
        Path | None,
        typer.Option(
            envvar="LEADERBOARD_REDIS_PASSWORD_FILE",
            metavar="FILE",
            show_envvar=True,
            help="File with the password of the user of --redis-url, as for `serve`.",
        ),
    ] = None,
    metrics_address: Annotated[
        str | None,
        typer.Option(
            envvar="LEADERBOARD_METRICS_ADDRESS",
            metavar="HOST:PORT",
            show_envvar=True,
            help="Also look at the metrics that the server serves there; a URL where a proxy is "
            "in front of it, several with commas for several servers.",
        ),
    ] = None,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Check a server, and say what to do where something is wrong.

    Checks whether the server can be reached, its encryption, health, contract, store and clock,
    and the latency of a few calls. Nothing is written without --write. With --redis-url it also
    checks the role, version and settings of the store, and the rights of its user. With
    --metrics-address it reads the metrics twice, and names what is out of order: the store, the
    feed, a limit that is near, calls that are refused, watchers that lag, an event loop that is
    late, an embedded store that is nearly full.
    """
    with console(stderr=True).status(Text(f"checking {target.server}")):
        readers = read_first(metrics_address or "")
        results = list(run_checks(target, write=write))
        if redis_url:
            results += contributed_checks(redis_url, redis_password_file)
        results += check_all_metrics(readers)
    worst = max(result.verdict for result in results)
    if as_json:
        checks = [result.as_record() for result in results]
        print_record({"server": target.server, "worst": worst.name, "checks": checks})
    else:
        console().print(_table(results))
        print_line(f"{target.server}: {_SUMMARIES[worst]}")
    raise typer.Exit(_EXIT_CODES.get(worst, ExitCode.OK))


def _table(results: Sequence[CheckResult]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("", "Check", "Found"):
        table.add_column(heading, overflow="fold")
    for result in results:
        verdict = "?" if result.verdict is Verdict.UNKNOWN else result.verdict.name
        found = Text(safe(result.found))
        if result.to_do:
            found.append(f"\n→ {result.to_do}", style="italic")
        table.add_row(Text(verdict, style=_STYLES[result.verdict]), Text(result.check), found)
    return table
