"""The command `leaderboard web`."""

import inspect
from typing import Any

import uvloop

from leaderboard_cli.failures import CommandError, ExitCode
from leaderboard_cli.options import calls_server
from leaderboard_cli.target import Target
from leaderboard_server.command_settings import command_settings
from leaderboard_server.logs import flush_logs
from leaderboard_server.setting_options import setting_options
from leaderboard_server.transport.tls import TlsUnusable
from leaderboard_web.app import serve
from leaderboard_web.config import WebConfig

EXAMPLES = """Examples:

- `leaderboard web`: serves boards at http://127.0.0.1:8080/boards, of a server on this machine

- `leaderboard web --server a.example:443,b.example:443 --tls`: of two servers, called with TLS

- `leaderboard web --address 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem`: serves others

- `leaderboard web --origins https://www.example.com`: lets the pages of a site embed boards
"""
"""The end of the help text, in Markdown; the `leaderboard` command reads it."""


def web(target: Target, **given: Any) -> None:
    """Serve boards to browsers: JSON over HTTP, a WebSocket, and a page with a live board."""
    config = command_settings("leaderboard web", WebConfig, given)
    try:
        uvloop.run(serve(config, target))
    except TlsUnusable as error:
        raise _exit(str(error), ExitCode.INVALID) from None
    except OSError as error:
        raise _exit(str(error), ExitCode.UNEXPECTED) from None


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
