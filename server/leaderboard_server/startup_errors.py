"""How a server ends that can't start: one line for who started it, and an exit code."""

import contextlib
from collections.abc import Iterator

import typer

from leaderboard_server.embedded_valkey import EmbeddedStoreError
from leaderboard_server.storage.connection import StoreUrlInvalid
from leaderboard_server.transport.choice import FrontMissing
from leaderboard_server.transport.tls import TlsUnusable

CANT_START = 1
BAD_OPTION = 2


@contextlib.contextmanager
def exit_on_startup_error() -> Iterator[None]:
    """Turn what keeps a server from starting into the line and the code.

    Raises:
        typer.Exit: It can't start; outside of a command line it is to become the exit code.
    """
    try:
        yield
    except StoreUrlInvalid as error:
        raise _told(f"--redis-url: {error}", BAD_OPTION) from None
    except TlsUnusable as error:
        raise _told(str(error), BAD_OPTION) from None
    except FrontMissing as error:
        raise _told(f"--listener: {error}", CANT_START) from None
    except (OSError, EmbeddedStoreError) as error:
        raise _told(str(error), CANT_START) from None


def _told(reason: str, code: int) -> typer.Exit:
    typer.echo(f"leaderboard serve: {reason}", err=True)
    return typer.Exit(code)
