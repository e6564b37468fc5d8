"""The command `leaderboard serve`."""

from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop
from pydantic import ValidationError

from leaderboard_server.app import serve as run
from leaderboard_server.config import Config
from leaderboard_server.logs import configure_logs
from leaderboard_server.storage.connection import StoreUrlInvalid
from leaderboard_server.storage.embedded import EmbeddedStoreError
from leaderboard_server.transport.choice import FrontMissing

CANT_START = 1
BAD_OPTION = 2


def serve(
    address: Annotated[
        str | None,
        typer.Option(
            envvar="LEADERBOARD_ADDRESS",
            metavar="HOST:PORT",
            help="Where to listen. [default: 127.0.0.1:50051]",
        ),
    ] = None,
    listener: Annotated[
        str | None,
        typer.Option(
            envvar="LEADERBOARD_LISTENER",
            help="auto, front or grpcio; auto takes the front where it is installed."
            " [default: auto]",
        ),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            envvar="LEADERBOARD_DATA_DIR",
            help="Where the embedded store keeps its data. [default: the user's data folder]",
        ),
    ] = None,
    redis_url: Annotated[
        str | None,
        typer.Option(
            envvar="LEADERBOARD_REDIS_URL",
            show_envvar=True,
            metavar="URL",
            help="Use this Redis or Valkey (redis://, rediss://, redis+sentinel://,"
            " rediss+sentinel:// or unix://) instead of the embedded store. With a password, give"
            " it as the environment variable: command lines are visible to others.",
        ),
    ] = None,
    history_changes: Annotated[
        int | None,
        typer.Option(
            envvar="LEADERBOARD_HISTORY_CHANGES",
            help="How many changes of each contest are kept for watchers to resume."
            " [default: 10000]",
        ),
    ] = None,
    request_retention_s: Annotated[
        int | None,
        typer.Option(
            envvar="LEADERBOARD_REQUEST_RETENTION_S",
            help="For how many seconds a request id is remembered at least. [default: 86400]",
        ),
    ] = None,
    watch_write_timeout_s: Annotated[
        int | None,
        typer.Option(
            envvar="LEADERBOARD_WATCH_WRITE_TIMEOUT_S",
            help="For how many seconds a watcher may take nothing before it is dropped."
            " [default: 30]",
        ),
    ] = None,
    max_calls: Annotated[
        int | None,
        typer.Option(
            envvar="LEADERBOARD_MAX_CALLS",
            help="How many calls may be under way, beside watches. [default: 1000]",
        ),
    ] = None,
    max_watchers: Annotated[
        int | None,
        typer.Option(
            envvar="LEADERBOARD_MAX_WATCHERS",
            help="How many watches may be open. [default: 10000]",
        ),
    ] = None,
    log_level: Annotated[
        str | None,
        typer.Option(
            envvar="LEADERBOARD_LOG_LEVEL",
            help="debug, info, warning or error. [default: info]",
        ),
    ] = None,
) -> None:
    """Run the server, by default on an embedded store that keeps its data."""
    given: dict[str, Any] = {
        "address": address,
        "listener": listener,
        "data_dir": data_dir,
        "redis_url": redis_url,
        "history_changes": history_changes,
        "request_retention_s": request_retention_s,
        "watch_write_timeout_s": watch_write_timeout_s,
        "max_calls": max_calls,
        "max_watchers": max_watchers,
        "log_level": log_level,
    }
    try:
        config = Config(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            option = "--" + str(problem["loc"][0]).replace("_", "-")
            typer.echo(f"leaderboard serve: {option}: {problem['msg']}", err=True)
        raise typer.Exit(BAD_OPTION) from None
    configure_logs(config.log_level)
    try:
        uvloop.run(run(config))
    except StoreUrlInvalid as error:
        typer.echo(f"leaderboard serve: --redis-url: {error}", err=True)
        raise typer.Exit(BAD_OPTION) from None
    except FrontMissing as error:
        typer.echo(f"leaderboard serve: --listener: {error}", err=True)
        raise typer.Exit(CANT_START) from None
    except (OSError, EmbeddedStoreError) as error:
        typer.echo(f"leaderboard serve: {error}", err=True)
        raise typer.Exit(CANT_START) from None
