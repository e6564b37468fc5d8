"""Puts the commands together, and tells the errors that end them."""

from __future__ import annotations

import os
import sys
import traceback
from importlib.metadata import entry_points, version
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from leaderboard_client.cli import examples
from leaderboard_client.cli.checkup import doctor
from leaderboard_client.cli.exit_codes import ExitCode
from leaderboard_client.cli.failures import CommandError
from leaderboard_client.cli.importing import import_events
from leaderboard_client.cli.loading import load
from leaderboard_client.cli.output import print_error
from leaderboard_client.cli.rank import rank
from leaderboard_client.cli.top import top
from leaderboard_client.cli.update import CONTEXT_SETTINGS, update
from leaderboard_client.cli.watching import watch
from leaderboard_client.update_rules import MalformedFieldError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND_GROUP = "leaderboard.commands"
"""The entry points by which other packages add commands: functions as typer takes them."""

_DEBUG = "LEADERBOARD_DEBUG"

_EPILOG = "\n\n".join(
    ["Exit codes:", *(f"- `{code.value}` {code.meaning}" for code in ExitCode)],
)


class _Commands(TyperGroup):
    """The commands of this package and, loaded when they are asked for, those of others."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name all commands, own ones first."""
        return [*super().list_commands(ctx), *sorted(entry_points(group=COMMAND_GROUP).names)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, or None if there is none of that name."""
        own = super().get_command(ctx, cmd_name)
        found = entry_points(group=COMMAND_GROUP, name=cmd_name)
        if own or not found:
            return own
        alone = typer.Typer(add_completion=False, rich_markup_mode="markdown")
        alone.command(cmd_name)(next(iter(found)).load())
        return typer.main.get_command(alone)


app = typer.Typer(
    cls=_Commands,
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.command("update", context_settings=CONTEXT_SETTINGS, epilog=examples.UPDATE)(update)
app.command("top", epilog=examples.TOP)(top)
app.command("rank", epilog=examples.RANK)(rank)
app.command("watch", epilog=examples.WATCH)(watch)
app.command("import", epilog=examples.IMPORT)(import_events)
app.command("doctor", epilog=examples.DOCTOR)(doctor)
app.command("load", epilog=examples.LOAD)(load)


def _print_version(asked: bool) -> None:  # noqa: FBT001 (how typer calls it)
    if asked:
        typer.echo(f"leaderboard {version('leaderboard-client')}")
        raise typer.Exit


@app.callback()
def leaderboard(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Write scores, read boards and ranks, and watch contests."""


def run(arguments: Sequence[str] | None) -> NoReturn:
    """Run the command and exit; every error is a line on stderr and a code of `ExitCode`.

    Args:
        arguments: The command line after the name of the command; None for the process's own.
    """
    try:
        app(arguments, prog_name="leaderboard")
    except CommandError as error:
        _fail(str(error), error.exit_code)
    except MalformedFieldError as error:
        _fail(str(error), ExitCode.INVALID)
    except UnicodeEncodeError:
        _fail("an argument is not UTF-8", ExitCode.INVALID)
    except Exception as error:  # noqa: BLE001 (people get a line, whatever it was)
        _fail(_unexpected(error), ExitCode.UNEXPECTED)
    sys.exit(ExitCode.OK)


def _unexpected(error: Exception) -> str:
    told = f"unexpected {type(error).__name__}: {error}"
    if os.environ.get(_DEBUG):
        traceback.print_exception(error)
        return told
    return f"{told}; with {_DEBUG}=1 in the environment it says where"


def _fail(message: str, exit_code: ExitCode) -> NoReturn:
    print_error(message)
    sys.exit(exit_code)
