"""The command `doctor` itself: its options, its table and its exit code."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from leaderboard_cli.doctor.checks import run_checks
from leaderboard_cli.doctor.results import CheckResult, Verdict, exit_code_of_verdict, worst_verdict
from leaderboard_cli.examples import examples
from leaderboard_cli.options import AsJson
from leaderboard_cli.output import console, print_line, print_record, safe
from leaderboard_cli.target import Target, calls_server

_STYLES = {
    Verdict.OK: "green",
    Verdict.UNKNOWN: "dim",
    Verdict.WARN: "yellow",
    Verdict.FAIL: "bold red",
}
_SUMMARIES = {
    Verdict.OK: "all is well",
    Verdict.UNKNOWN: "all is well, as far as can be told from here",
    Verdict.WARN: "it works; see the warnings",
    Verdict.FAIL: "something does not work; begin with the first FAIL",
}


EXAMPLES = examples(
    ("leaderboard doctor", "checks the server on this machine"),
    ("leaderboard doctor --write", "also writes a score, to the contest `doctor`"),
    ("leaderboard doctor --server board.example:443 --ca ca.pem", "checks one with TLS"),
    ("leaderboard doctor --json | jq .worst", "prints the worst of it for a script"),
)


@calls_server
def doctor(
    *,
    write: Annotated[
        bool,
        typer.Option("--write", help="Also write a score, to the contest `doctor`, which stays."),
    ] = False,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Check a server, and say what to do where something is wrong.

    Looks whether it can be reached, at its encryption, health, contract, store and clock, and at
    the latency of a few calls. Nothing is written without --write.
    """
    screen = console(stderr=True)
    with screen.status(Text(f"examining {target.server}")):
        results = list(run_checks(target, write=write))
    worst = worst_verdict(results)
    if as_json:
        checks = [result.as_record() for result in results]
        print_record({"server": target.server, "worst": worst.name, "checks": checks})
    else:
        console().print(_table(results))
        print_line(f"{target.server}: {_SUMMARIES[worst]}")
    raise typer.Exit(exit_code_of_verdict(worst))


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
