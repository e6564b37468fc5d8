"""The command `doctor` itself: its options, its table and its exit code."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from leaderboard_cli.doctor.checks import examine
from leaderboard_cli.doctor.results import Finding, Verdict, exit_code_for, worst_of
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
        findings = list(examine(target, write=write))
    worst = worst_of(findings)
    if as_json:
        checks = [finding.as_record() for finding in findings]
        print_record({"server": target.server, "worst": worst.name, "checks": checks})
    else:
        console().print(_table(findings))
        print_line(f"{target.server}: {_SUMMARIES[worst]}")
    raise typer.Exit(exit_code_for(worst))


def _table(findings: Sequence[Finding]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("", "Check", "Found"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        verdict = "?" if finding.verdict is Verdict.UNKNOWN else finding.verdict.name
        found = Text(safe(finding.found))
        if finding.to_do:
            found.append(f"\n→ {finding.to_do}", style="italic")
        table.add_row(Text(verdict, style=_STYLES[finding.verdict]), Text(finding.check), found)
    return table
