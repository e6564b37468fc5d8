"""Defines what the command lines share: arguments, the options of the connection, examples."""

import inspect
import os
import re
import ssl
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from leaderboard_cli.failures import CommandError, ExitCode
from leaderboard_cli.target import Target
from leaderboard_client.addresses import parse_addresses
from leaderboard_client.channels import Tls, authorization, check_token
from leaderboard_client.retrying import DEFAULT_TIMEOUT
from leaderboard_client.update_rules import MAX_POINTS

MAX_ROWS = 1000
"""The most users that one call returns or watches."""

MAX_RANK = 2**31 - 1
"""The last place that can be requested."""

_MAX_SEASON = 2**31 - 1

MAX_AROUND = 201
"""The most rows around a user or a score."""

Contest = Annotated[str, typer.Argument(metavar="CONTEST", help="The contest's id.")]
User = Annotated[str, typer.Argument(metavar="USER", help="The user's id.")]
Users = Annotated[
    list[str], typer.Argument(metavar="USER", help="The users' ids, up to 1,000, each once.")
]
Season = Annotated[
    int,
    typer.Option(
        "--season",
        metavar="N",
        min=-1,
        max=_MAX_SEASON,
        help="The season: its number, or -1 for the one before the current one.",
        show_default="the current one",
    ),
]
"""The season that is read; 0 is the current one."""

SeasonNumber = Annotated[
    int | None,
    typer.Option(
        "--season",
        metavar="N",
        min=1,
        max=_MAX_SEASON,
        help="The number of the season that is meant; if another one is current, nothing changes.",
        show_default="the current one",
    ),
]
"""The season that is written."""

AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print JSON for scripts, one object a line."),
]

NEGATIVE_NUMBERS = {"ignore_unknown_options": True}
"""The settings of a command whose argument may be negative without `--`: `-5` is not an option."""

_TOKEN_VARIABLE = "LEADERBOARD_TOKEN"  # noqa: S105 (the name of the variable, not the token)
"""The token has no option because command lines are visible to other users."""

_MAX_TIMEOUT = 86_400.0
_option = partial(typer.Option, rich_help_panel="Connection")
_PEM_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----[\x00-\x7f]+?-----END \1-----")
_PEM_ENCRYPTED = re.compile(rb"^(-----BEGIN |Proc-Type: 4,)ENCRYPTED", re.MULTILINE)


def examples(*of: tuple[str, str]) -> str:
    """Return the end of a help text, in Markdown.

    Args:
        of: Command lines, and what each one does.
    """
    return "\n\n".join(["Examples:", *(f"- `{line}`: {does}" for line, does in of)])


def check_bounds(value: int | None) -> int | None:
    """Return a score or points; raise BadParameter if they are beyond the bounds."""
    if value is not None and abs(value) > MAX_POINTS:
        raise typer.BadParameter(f"{value} is beyond 2^53")
    return value


def expands(
    parameter: str, build: Callable[..., object]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that replaces a parameter of a command by several options.

    Args:
        parameter: The parameter.

        build: Returns its value; its own parameters are the options.
    """
    options = inspect.signature(build).parameters

    def replaced(command: Callable[..., None]) -> Callable[..., None]:
        parameters: list[inspect.Parameter] = []
        for name, each in inspect.signature(command).parameters.items():
            parameters.extend(options.values() if name == parameter else [each])

        @wraps(command)
        def called(**given: Any) -> None:
            value = build(**{name: given.pop(name) for name in options})
            command(**{parameter: value}, **given)

        called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        called.__annotations__ = {each.name: each.annotation for each in parameters}
        return called

    return replaced


def _address(value: str) -> str:
    try:
        for server in parse_addresses(value):
            server.host.encode("idna")
    except UnicodeError:  # a ValueError too
        raise typer.BadParameter(f"{value!r} has no valid host name") from None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return value


def _file(help_text: str, variable: str) -> Any:
    return _option(
        envvar=variable,
        metavar="FILE",
        exists=True,
        dir_okay=False,
        readable=True,
        help=f"{help_text} (PEM); implies --tls.",
    )


def _target(
    *,
    server: Annotated[
        str,
        _option(
            envvar="LEADERBOARD_SERVER",
            metavar="ADDRESS",
            callback=_address,
            help="The server: HOST:PORT; several on one store: HOST:PORT,HOST:PORT; all that DNS "
            "has for a name: dns:///NAME:PORT.",
        ),
    ] = "127.0.0.1:50051",
    timeout: Annotated[
        float,
        _option(
            metavar="SECONDS",
            min=0.001,
            max=_MAX_TIMEOUT,
            help="How long each call may take, with all its attempts.",
        ),
    ] = DEFAULT_TIMEOUT,
    tls: Annotated[
        bool,
        _option(
            "--tls",
            envvar="LEADERBOARD_TLS",
            help=f"Call with TLS. The token in {_TOKEN_VARIABLE}, if set, is sent with every call.",
        ),
    ] = False,
    ca: Annotated[
        Path | None, _file("The CA certificates that verify the server", "LEADERBOARD_CA")
    ] = None,
    cert: Annotated[
        Path | None, _file("The client certificate of this caller", "LEADERBOARD_CERT")
    ] = None,
    key: Annotated[Path | None, _file("The key of --cert", "LEADERBOARD_KEY")] = None,
) -> Target:
    if (cert is None) != (key is None):
        raise typer.BadParameter("--cert and --key go together")
    authorities = _read_authorities(ca) if ca else None
    certificate, private = _read_pair(cert, key) if cert and key else (None, None)
    secured = tls or ca is not None or cert is not None
    target = Target(
        server=server,
        timeout=timeout,
        tls=Tls(authorities=authorities, certificate=certificate, key=private) if secured else None,
        token=os.environ.get(_TOKEN_VARIABLE) or None,
    )
    try:
        check_token(target.servers, tls=target.tls, token=target.token)
        authorization(target.token)
    except ValueError as error:
        raise CommandError(f"{_TOKEN_VARIABLE}: {error}", ExitCode.INVALID) from None
    return target


calls_server = expands("target", _target)
"""Replaces a command's parameter `target` by the options that describe the connection."""


def _read_authorities(file: Path) -> bytes:
    certificates = _pem_blocks(file, b"CERTIFICATE", "--ca", "certificate")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificates.decode())
    except ssl.SSLError:
        raise _invalid(f"--ca: {file} holds a broken certificate") from None
    return certificates


def _read_pair(cert: Path, key: Path) -> tuple[bytes, bytes]:
    """Return a certificate chain and its private key."""
    chain = _pem_blocks(cert, b"CERTIFICATE", "--cert", "certificate")
    private = _pem_blocks(key, b"PRIVATE KEY", "--key", "private key")
    if _PEM_ENCRYPTED.search(private):
        raise _invalid(f"--key: {key} has a password")
    if cert.is_file() and key.is_file():  # a pipe can be read only once
        _check_pair(cert, key)
    return chain, private


def _check_pair(cert: Path, key: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # The server decides how strong a key must be.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    try:
        context.load_cert_chain(cert, key)
    except ssl.SSLError as error:
        mismatch = "MISMATCH" in (error.reason or "")
        why = "don't belong together" if mismatch else "are broken"
        raise _invalid(f"--cert and --key: {cert} and {key} {why}") from None


def _pem_blocks(file: Path, kind: bytes, option: str, name: str) -> bytes:
    """Return the blocks of one kind; comments between them may be in any encoding."""
    found = (block for block in _PEM_BLOCK.finditer(file.read_bytes()) if block[1].endswith(kind))
    content = b"".join(block[0] + b"\n" for block in found)
    if not content:
        raise _invalid(f"{option}: {file} holds no {name} (PEM)")
    return content


def _invalid(message: str) -> CommandError:
    return CommandError(message, ExitCode.INVALID)
