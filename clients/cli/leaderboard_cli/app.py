"""Puts the commands together, and tells the errors that end them."""

from __future__ import annotations

import inspect
import os
import sys
import traceback
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points, version
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from leaderboard_cli.exit_codes import ExitCode
from leaderboard_cli.failures import CommandError
from leaderboard_cli.output import print_error
from leaderboard_cli.stdio import UnreadOutputError, command_streams
from leaderboard_client.update_rules import MalformedFieldError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMMAND_GROUP = "leaderboard.commands"
"""The entry points by which other packages add commands: functions as typer takes them, in modules
that may have EXAMPLES, the end of the help."""

_OWN = [
    EntryPoint(name, f"leaderboard_cli.{function}", COMMAND_GROUP)
    for name, function in (
        ("update", "update:update"),
        ("top", "top:top"),
        ("rank", "rank:rank"),
        ("watch", "watch:watch"),
        ("import", "import_:import_events"),
        ("doctor", "doctor:doctor"),
        ("load", "load:load"),
    )
]

_DEBUG = "LEADERBOARD_DEBUG"

_EPILOG = "\n\n".join(
    ["Exit codes:", *(f"- `{code.value}` {code.meaning}" for code in ExitCode)],
)


class _Commands(Mapping[str, Any]):
    """The commands of this package and those of others, each loaded when it is looked up."""

    def __getitem__(self, name: str) -> Any:
        function = self._found()[name].load()
        module = inspect.getmodule(function)
        alone = typer.Typer(add_completion=False, rich_markup_mode="markdown")
        alone.command(
            name,
            epilog=getattr(module, "EXAMPLES", None),
            context_settings=getattr(module, "CONTEXT_SETTINGS", None),
        )(function)
        return typer.main.get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(self._found())

    def __len__(self) -> int:
        return len(self._found())

    def _found(self) -> dict[str, EntryPoint]:
        """Return where the commands are, own ones first."""
        found = {own.name: own for own in _OWN}
        for other in sorted(entry_points(group=COMMAND_GROUP), key=lambda other: other.name):
            found.setdefault(other.name, other)
        return found


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
    with command_streams():
        try:
            try:
                app(arguments, prog_name="leaderboard")
            finally:
                sys.stdout.flush()
        except UnreadOutputError as error:
            sys.exit(error.exit_code)  # without a word, as other tools go
        except CommandError as error:
            _fail(str(error), error.exit_code)
        except MalformedFieldError as error:
            _fail(str(error), ExitCode.INVALID)
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
