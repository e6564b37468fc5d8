"""What a client shows to a server, and how it knows that it is the right one: TLS and tokens."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TypeAlias

import grpc

Token: TypeAlias = str | Callable[[], str]
"""A bearer token, or a function that returns the present one; it is asked before each attempt of a
call, and before each stream of a watch, and must not block. What it raises is raised by the call;
a buffer tries again, and a watch tells of it and asks again."""

Metadata: TypeAlias = tuple[tuple[str, str], ...]
"""What a call is sent with beside its message."""

_HOST_PORT = re.compile(r"(?:([^\s/\[\]:]+)|\[([0-9A-Fa-f:.%]+)\]):([0-9]{1,5})")
_LAST_PORT = 65_535
_TOKEN = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """What an encrypted connection is made with; all of it PEM.

    Raises:
        ValueError: There is a certificate without a key, or a key without a certificate.
    """

    authorities: bytes | None = None
    """The certificates of the authorities that may vouch for the server. Default: those that gRPC
    brings along."""

    certificate: bytes | None = None
    """The client's own certificate chain, where the server asks for one."""

    key: bytes | None = field(default=None, repr=False)
    """The private key of the certificate."""

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("a client certificate and its key belong together")

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """Return what gRPC takes."""
        return grpc.ssl_channel_credentials(self.authorities, self.key, self.certificate)


def check_address(address: str, *, tls: Tls | None, token: Token | None) -> None:
    """Check where a client is to connect to, and that its token would not go over a bare line.

    Raises:
        ValueError: The address is not HOST:PORT, or there is a token without TLS and the host is
            not loopback.
    """
    match = _HOST_PORT.fullmatch(address)
    if not match or not 0 < int(match[3]) <= _LAST_PORT:
        raise ValueError(f"{address!r} is not HOST:PORT")
    if token is not None and tls is None and not is_loopback(match[1] or match[2]):
        raise ValueError("a token is sent without TLS to loopback alone")


def authorization(token: Token | None) -> Metadata:
    """Return what a call is sent with to show a token.

    Raises:
        ValueError: It is empty, or not of printable ASCII characters without spaces.
    """
    if token is None:
        return ()
    present = token if isinstance(token, str) else token()
    if not _TOKEN.fullmatch(present):
        raise ValueError("the token is not of printable ASCII characters without spaces")
    return (("authorization", f"Bearer {present}"),)


def is_loopback(host: str) -> bool:
    """Tell that a host is this machine, by its address or as `localhost`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
