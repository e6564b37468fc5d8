"""Turns errors at startup into one line on standard error and an exit code."""

import contextlib
from collections.abc import Iterator

import typer

from leaderboard_server.command_settings import BAD_OPTION
from leaderboard_server.embedded_valkey import EmbeddedStoreError
from leaderboard_server.logs import flush_logs
from leaderboard_server.storage.connection import StoreUrlInvalid
from leaderboard_server.storage.password_file import PasswordFileUnusable
from leaderboard_server.transport.choice import FrontMissing
from leaderboard_server.transport.tls import TlsUnusable

CANT_START = 1


@contextlib.contextmanager
def exit_on_startup_error() -> Iterator[None]:
    """Exit with one line and a code where the block fails with an error that operators can fix.

    Raises:
        typer.Exit: The server can't start. Outside a command line, the caller exits with its code.
    """
    try:
        yield
    except StoreUrlInvalid as error:
        raise _exit(f"--redis-url: {error}", BAD_OPTION) from None
    except PasswordFileUnusable as error:
        raise _exit(f"--redis-password-file: {error}", BAD_OPTION) from None
    except TlsUnusable as error:
        raise _exit(str(error), BAD_OPTION) from None
    except FrontMissing as error:
        raise _exit(f"--listener: {error}", CANT_START) from None
    except (OSError, EmbeddedStoreError) as error:
        raise _exit(str(error), CANT_START) from None


def _exit(reason: str, code: int) -> typer.Exit:
    flush_logs()
    typer.echo(f"leaderboard serve: {reason}", err=True)
    return typer.Exit(code)
