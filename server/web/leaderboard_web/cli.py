"""The command `leaderboard web`."""

import inspect
import os
from typing import Any

import structlog
import typer
import uvloop

from leaderboard_cli.failures import CommandError, ExitCode
from leaderboard_cli.options import calls_server
from leaderboard_cli.target import Target
from leaderboard_server.load_config import ConfigInvalid, load_config
from leaderboard_server.logs import configure_logs, flush_logs
from leaderboard_server.setting_options import setting_options
from leaderboard_server.transport.tls import TlsUnusable
from leaderboard_server.unknown_variables import unknown_variables
from leaderboard_web.app import serve
from leaderboard_web.config import WebConfig

_log = structlog.get_logger()

EXAMPLES = """Examples:

- `leaderboard web`: serves boards at http://127.0.0.1:8080/boards, of a server on this machine

- `leaderboard web --server a.example:443,b.example:443 --tls`: of two servers, called with TLS

- `leaderboard web --address 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem`: serves others

- `leaderboard web --origins https://www.example.com`: lets the pages of a site embed boards
"""
"""The end of the help text, in Markdown; the `leaderboard` command reads it."""


def web(target: Target, **given: Any) -> None:
    """Serve boards to browsers: JSON over HTTP, a WebSocket, and a page with a live board."""
    config = _settings({name: value for name, value in given.items() if value is not None})
    try:
        uvloop.run(serve(config, target))
    except TlsUnusable as error:
        raise _exit(str(error), ExitCode.INVALID) from None
    except OSError as error:
        raise _exit(str(error), ExitCode.UNEXPECTED) from None


def _settings(given: dict[str, Any]) -> WebConfig:
    try:
        config, file = load_config(WebConfig, given)
    except ConfigInvalid as error:
        for problem in error.problems:
            typer.echo(f"leaderboard web: {problem}", err=True)
        raise typer.Exit(ExitCode.INVALID) from None
    configure_logs(config.log_level)
    for variable in unknown_variables(WebConfig, os.environ):
        # Never its value, which may be a secret.
        _log.warning("unknown_variable", name=variable.name, closest=variable.closest)
    if file and file.exposes_secret:
        _log.warning(
            "config_exposed",
            file=str(file.path),
            reason="it holds a token, and every user of this machine can read it",
            to_do="chmod o-r, or LEADERBOARD_WEB_VIEWER_TOKEN",
        )
    if config.is_exposed:
        _log.warning("exposed", address=config.address, reason="neither loopback nor TLS")
    if config.exposes_metrics:
        _log.warning("metrics_exposed", address=config.metrics_address, reason="not loopback")
    return config


def _exit(reason: str, code: ExitCode) -> CommandError:
    flush_logs()
    return CommandError(f"leaderboard web: {reason}", code)


web.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [
        inspect.Parameter("target", inspect.Parameter.KEYWORD_ONLY, annotation=Target),
        *setting_options(WebConfig),
    ]
)
web = calls_server(web)
