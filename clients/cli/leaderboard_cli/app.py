"""Puts the commands together, and reports the errors that end them."""

import inspect
import itertools
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points, version
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from leaderboard_cli.failures import CommandError, ExitCode
from leaderboard_cli.output import (
    OutputClosedError,
    command_stdio,
    print_error,
    print_error_record,
)
from leaderboard_client.update_rules import MalformedFieldError

COMMAND_GROUP = "leaderboard.commands"
"""The entry points by which other packages add commands: functions as typer takes them, in modules
that may have EXAMPLES, the end of the help."""

_OWN = {
    name: EntryPoint(name, f"leaderboard_cli.{function}", COMMAND_GROUP)
    for name, function in {
        "update": "update:update",
        "top": "top:top",
        "rank": "rank:rank",
        "friends": "friends:friends",
        "whatif": "whatif:whatif",
        "watch": "watch:watch",
        "contest": "contest:contest",
        "season": "season:season",
        "user": "user:user",
        "export": "export:export",
        "import": "import_:import_file",
        "doctor": "doctor:doctor",
        "load": "load:load",
    }.items()
}
"""The commands of this package. Each is imported when it is looked up: most are not needed, and
none at the start of a server."""

_DEBUG = "LEADERBOARD_DEBUG"

_EPILOG = "\n\n".join(
    [
        "An id that begins with `-` goes after `--`: `leaderboard rank -- chess -x`.",
        'With `--json` errors are JSON too, on stderr: `{"error": {"message": ..., ...}}`.',
        "Exit codes:",
        *(f"- `{code.value}` {code.meaning}" for code in ExitCode),
    ],
)


class _Commands(Mapping[str, Any]):
    """The commands of this package and those of others, which are loaded when they are looked up.

    If two have the same name, the one of this package is used.
    """

    def __getitem__(self, name: str) -> Any:
        function = (_OWN.get(name) or _plugins()[name]).load()
        if isinstance(function, typer.Typer):  # a group of commands
            return typer.main.get_command(function)
        module = inspect.getmodule(function)
        alone = typer.Typer(add_completion=False, rich_markup_mode="markdown")
        alone.command(
            name,
            epilog=getattr(module, "EXAMPLES", None),
            context_settings=getattr(module, "CONTEXT_SETTINGS", None),
        )(function)
        return typer.main.get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*_OWN, *sorted(_plugins())]))

    def __len__(self) -> int:
        return len(list(iter(self)))


def _plugins() -> dict[str, EntryPoint]:
    """Return the commands of other packages; of several with one name the first."""
    return {found.name: found for found in reversed(entry_points(group=COMMAND_GROUP))}


class _Group(TyperGroup):
    """The command `leaderboard`."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # Nothing is ever added to it.
        self.commands = _Commands()  # type: ignore[assignment]


app = typer.Typer(
    cls=_Group,
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 (how typer calls it)
    if wanted:
        typer.echo(f"leaderboard {version('leaderboard-cli')}")
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
    """Write scores, read boards and ranks, watch contests, and remove and hide users."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit; every error is a line on stderr and a code of `ExitCode`.

    With `--json` the line is JSON.

    Args:
        arguments: The command line after the name of the command. Default: the process's own.
    """
    try:
        with command_stdio():
            _run(arguments)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)


def _run(arguments: Sequence[str] | None) -> NoReturn:
    given = sys.argv[1:] if arguments is None else arguments
    as_json = _wants_json(given)
    try:
        try:
            # Otherwise wrong usage is printed for people by typer itself.
            ended = app(given, prog_name="leaderboard", standalone_mode=not as_json)
        finally:
            sys.stdout.flush()
    except OutputClosedError as error:
        sys.exit(error.exit_code)  # without a message, as other tools do
    except Exception as error:  # noqa: BLE001 (users get one line, whatever it was)
        _fail(_as_command_error(error, given), as_json=as_json)
    sys.exit(ended or ExitCode.OK)


def _wants_json(arguments: Sequence[str]) -> bool:
    return "--json" in itertools.takewhile(lambda argument: argument != "--", arguments)


def _as_command_error(error: Exception, arguments: Sequence[str]) -> CommandError:
    if isinstance(error, CommandError):
        return error
    if isinstance(error, MalformedFieldError):
        return CommandError(str(error), ExitCode.INVALID)
    # Wrong usage, of which typer has no public base class.
    if format_message := getattr(error, "format_message", None):
        return CommandError(format_message(), ExitCode.INVALID)
    if _is_of_argument(error, arguments):
        return CommandError("an argument is not UTF-8", ExitCode.INVALID)
    return CommandError(_unexpected(error), ExitCode.UNEXPECTED)


def _is_of_argument(error: Exception, arguments: Sequence[str]) -> bool:
    """Return whether an argument could not be encoded as the UTF-8 of a request."""
    return isinstance(error, UnicodeEncodeError) and any(error.object in each for each in arguments)


def _unexpected(error: Exception) -> str:
    text = f"unexpected {type(error).__name__}: {error}"
    if os.environ.get(_DEBUG):
        traceback.print_exception(error)
        return text
    return f"{text}; run it with {_DEBUG}=1 in the environment to see the traceback"


def _fail(error: CommandError, *, as_json: bool) -> NoReturn:
    if as_json:
        print_error_record(error.as_record())
    else:
        print_error(str(error))
    sys.exit(error.exit_code)
