"""The server that a command calls: where it is, how it is reached, and the options that say so."""

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import grpc
import grpc.aio
import typer

from leaderboard_cli.exit_codes import ExitCode
from leaderboard_cli.failures import CommandError
from leaderboard_cli.pem_files import read_authorities, read_pair
from leaderboard_client.channels import open_own_channel, open_own_sync_channel
from leaderboard_client.credentials import Metadata, Tls, authorization, check_address, is_loopback
from leaderboard_client.retrying import DEFAULT_TIMEOUT

DEFAULT_SERVER = "127.0.0.1:50051"
"""Where a server listens unless told otherwise."""

TOKEN_VARIABLE = "LEADERBOARD_TOKEN"  # noqa: S105 (where it is, not what it is)
"""The environment variable with the token; command lines are visible to others."""

_LONGEST_TIMEOUT = 86_400.0
_PANEL = "Connection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A server and how it is called."""

    server: str
    """HOST:PORT."""

    timeout: float = DEFAULT_TIMEOUT
    """The seconds that each call may take, with all its attempts where there may be several."""

    tls: Tls | None = field(default=None, repr=False)
    """What TLS needs; None for none."""

    token: str | None = field(default=None, repr=False)
    """What says who calls; None for nothing."""

    @property
    def host(self) -> str:
        """The host, an IPv6 address without its brackets."""
        return self.server.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port."""
        return int(self.server.rpartition(":")[2])

    @property
    def is_loopback(self) -> bool:
        """Tell whether the server is certain to be on this machine."""
        return is_loopback(self.host)

    @property
    def metadata(self) -> Metadata:
        """What each call is sent with."""
        return authorization(self.token)

    def channel(self) -> grpc.Channel:
        """Return a channel for calls that wait for their answers."""
        return open_own_sync_channel(self.server, self.tls)

    def own_channel(self) -> grpc.aio.Channel:
        """Return a channel of the asynchronous API over a connection of its own."""
        return open_own_channel(self.server, self.tls)


def calls_server(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say which server it calls, in place of its `target`.

    Args:
        command: What typer is to call; it has a parameter `target`.
    """
    options = inspect.signature(_target).parameters
    parameters: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command).parameters.items():
        parameters.extend(options.values() if name == "target" else [parameter])

    @wraps(command)
    def called(**given: Any) -> None:
        command(target=_target(**{name: given.pop(name) for name in options}), **given)

    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {each.name: each.annotation for each in parameters}
    return called


def _host_port(value: str) -> str:
    try:
        check_address(value, tls=None, token=None)
        value.rpartition(":")[0].encode("idna")
    except UnicodeError:  # a ValueError too
        raise typer.BadParameter(f"{value!r} names no host") from None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return value


def _file(help_text: str, variable: str) -> Any:
    return typer.Option(
        envvar=variable,
        metavar="FILE",
        exists=True,
        dir_okay=False,
        readable=True,
        help=f"{help_text} (PEM); implies --tls.",
        rich_help_panel=_PANEL,
    )


def _target(
    *,
    server: Annotated[
        str,
        typer.Option(
            envvar="LEADERBOARD_SERVER",
            metavar="HOST:PORT",
            callback=_host_port,
            help="Where the server listens.",
            rich_help_panel=_PANEL,
        ),
    ] = DEFAULT_SERVER,
    timeout: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0.001,
            max=_LONGEST_TIMEOUT,
            help="How long each call may take, with all its attempts.",
            rich_help_panel=_PANEL,
        ),
    ] = DEFAULT_TIMEOUT,
    tls: Annotated[
        bool,
        typer.Option(
            "--tls",
            envvar="LEADERBOARD_TLS",
            help=f"Call with TLS. A token in {TOKEN_VARIABLE} goes with every call.",
            rich_help_panel=_PANEL,
        ),
    ] = False,
    ca: Annotated[
        Path | None, _file("The authorities that may certify the server", "LEADERBOARD_CA")
    ] = None,
    cert: Annotated[
        Path | None, _file("The certificate of this caller", "LEADERBOARD_CERT")
    ] = None,
    key: Annotated[Path | None, _file("The key of --cert", "LEADERBOARD_KEY")] = None,
) -> Target:
    if (cert is None) != (key is None):
        raise typer.BadParameter("--cert and --key go together")
    authorities = read_authorities(ca) if ca else None
    certificate, private = read_pair(cert, key) if cert and key else (None, None)
    secured = tls or ca is not None or cert is not None
    target = Target(
        server=server,
        timeout=timeout,
        tls=Tls(authorities=authorities, certificate=certificate, key=private) if secured else None,
        token=os.environ.get(TOKEN_VARIABLE) or None,
    )
    try:
        check_address(server, tls=target.tls, token=target.token)
        authorization(target.token)
    except ValueError as error:
        raise CommandError(f"{TOKEN_VARIABLE}: {error}", ExitCode.INVALID) from None
    return target
