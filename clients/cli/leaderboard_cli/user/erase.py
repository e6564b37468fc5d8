"""The command `user erase`: erases a user from all contests."""

import shlex
import time
from dataclasses import dataclass, field
from typing import Annotated

import typer

from leaderboard.v1.contests_pb2 import EraseUserRequest
from leaderboard_cli.confirmation import Yes, confirm
from leaderboard_cli.connection import Connection
from leaderboard_cli.failures import CallError, CommandError, ExitCode
from leaderboard_cli.options import AsJson, User, calls_server, examples
from leaderboard_cli.output import counted, print_line, print_record
from leaderboard_cli.target import Target
from leaderboard_cli.user.progress import ContestsProgress
from leaderboard_client.update_rules import check_user_id

EXAMPLES = examples(
    ("leaderboard user erase ada", "asks, and erases a user from all contests and seasons"),
    ("leaderboard user erase ada --yes --json", "erases it, and prints a report for a script"),
    ("leaderboard user erase ada --from Y3Vw --yes", "goes on after an interruption"),
)


@dataclass(slots=True)
class _Report:
    """What was erased so far."""

    token: str
    """From where to continue; empty at the beginning and at the end."""

    parts: int = 0
    contests: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def counts(self) -> str:
        return f"erased from {counted(self.contests, 'contest')}, {counted(self.parts, 'part')}"

    def __str__(self) -> str:
        return f"{self.counts} in {self.seconds:.1f} s"


@calls_server
def erase(
    user: User,
    *,
    start: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="TOKEN",
            help="Go on where an earlier run was interrupted, which printed this token.",
            show_default="the beginning",
        ),
    ] = "",
    yes: Yes = False,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Erase a user from all contests, hidden or not, with all that names it.

    That is its rows, also in seasons that are over, its name and attributes, that it is hidden, and
    the history of each of these contests up to now, so that watches that resume get their board
    again. It goes through all
    contests in parts. A run that was interrupted goes on with --from, or begins again: both are
    safe. An update of the user that comes later begins it again.
    """
    check_user_id(user)
    confirm(
        f"all scores, names and attributes of {user} in all contests and seasons are lost", yes=yes
    )
    report = _Report(start)
    stopped = _run(user, target, report)
    if as_json:
        print_record(_record(user, report, stopped))
    if stopped and stopped.exit_code is ExitCode.INVALID:
        raise stopped
    if stopped:
        going_on = f"--from {shlex.quote(report.token)}" if report.token else "the same command"
        why = f"{user}: {report}, {stopped}; go on with {going_on}"
        raise CommandError(why, stopped.exit_code)
    if not as_json:
        print_line(f"{user}: {report}")


def _run(user: str, target: Target, report: _Report) -> CommandError | None:
    """Erase all parts; return why it stopped, if not all are done."""
    request = EraseUserRequest(user_id=user, page_token=report.token)
    try:
        with Connection(target) as connection, ContestsProgress(f"erasing {user}") as progress:
            while True:
                answer = connection.erase_user(request)
                report.parts += 1
                report.contests += answer.contests_changed
                report.token = request.page_token = answer.next_page_token
                progress.show(report.counts)
                if not report.token:
                    return None
    except KeyboardInterrupt:
        return CommandError("interrupted", ExitCode.INTERRUPTED)
    except CallError as error:
        return error


def _record(user: str, report: _Report, stopped: CommandError | None) -> dict[str, object]:
    return {
        "user_id": user,
        "contests_changed": report.contests,
        "parts": report.parts,
        "seconds": round(report.seconds, 3),
        "stopped": str(stopped) if stopped else None,
        "continue_from": report.token or None,
    }
