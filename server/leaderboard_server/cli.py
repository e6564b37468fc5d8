"""The command `leaderboard serve`."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
import uvloop
from pydantic import ValidationError

from leaderboard_server.app import serve as run
from leaderboard_server.config import Config
from leaderboard_server.logs import configure_logs
from leaderboard_server.startup_errors import BAD_OPTION, exit_on_startup_error
from leaderboard_server.workers import supervise

_log = structlog.get_logger()

EXAMPLES = """Examples:

- `leaderboard serve`: serves on this machine alone, and keeps what is written

- `leaderboard serve --data-dir ./data`: keeps it in a folder of its own

- `LEADERBOARD_REDIS_URL=redis://redis.example leaderboard serve`: uses another store

- `leaderboard serve --address 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem`: serves others,
with TLS
"""
"""The end of the help text, in Markdown; the `leaderboard` command reads it."""


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
    workers: Annotated[
        int | None,
        typer.Option(
            envvar="LEADERBOARD_WORKERS",
            help="How many processes serve, each on a core of its own. [default: 1]",
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None,
        typer.Option(
            envvar="LEADERBOARD_TLS_CERT",
            metavar="FILE",
            help="Serve with TLS: the certificate, and those between it and an authority (PEM)."
            " Files for TLS are read again when they change.",
        ),
    ] = None,
    tls_key: Annotated[
        Path | None,
        typer.Option(
            envvar="LEADERBOARD_TLS_KEY",
            metavar="FILE",
            help="The certificate's key (PEM, without a password).",
        ),
    ] = None,
    tls_client_ca: Annotated[
        Path | None,
        typer.Option(
            envvar="LEADERBOARD_TLS_CLIENT_CA",
            metavar="FILE",
            help="Serve only callers with a certificate of one of these authorities (PEM).",
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
            help="How many calls may be under way in a worker, beside watches. [default: 1000]",
        ),
    ] = None,
    max_watchers: Annotated[
        int | None,
        typer.Option(
            envvar="LEADERBOARD_MAX_WATCHERS",
            help="How many watches may be open in a worker. [default: 10000]",
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
        "workers": workers,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "tls_client_ca": tls_client_ca,
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
    if config.is_exposed:
        _log.warning("exposed", address=config.address, reason="neither loopback nor TLS")
    with exit_on_startup_error():
        if config.workers > 1:
            raise typer.Exit(asyncio.run(supervise(config)))
        uvloop.run(run(config))
