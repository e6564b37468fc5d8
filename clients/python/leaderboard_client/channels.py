"""Opens gRPC channels to a server: its address, TLS, and the token that authorizes calls.

Each channel has a connection of its own.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TypeAlias

import grpc
import grpc.aio

Token: TypeAlias = str | Callable[[], str]
"""A bearer token, or a function that returns the current one.

The function is called before each attempt of a call and before each stream of a watch, and must not
block. Its exceptions are raised by the call; a buffer tries again, and a watch reports the
exception as its `trouble` and tries again."""

Metadata: TypeAlias = tuple[tuple[str, str], ...]
"""The gRPC metadata of a call."""

_HOST_PORT = re.compile(r"(?:([^\s/\[\]:]+)|\[([0-9A-Fa-f:.%]+)\]):([0-9]{1,5})")
_LAST_PORT = 65_535
_TOKEN = re.compile(r"[!-~]+")
_OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2000),
    # Otherwise a new channel would reuse the connection of another one, which may be dead.
    ("grpc.use_local_subchannel_pool", 1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Certificates of an encrypted connection, all in PEM.

    Raises:
        ValueError: There is a certificate without a key, or a key without a certificate.
    """

    authorities: bytes | None = None
    """CA certificates used to verify the server. Default: those that come with gRPC."""

    certificate: bytes | None = None
    """The client's own certificate chain, if the server requires one."""

    key: bytes | None = field(default=None, repr=False)
    """The private key of the certificate."""

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("a client certificate and its key belong together")

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """Return the credentials in gRPC's form."""
        return grpc.ssl_channel_credentials(self.authorities, self.key, self.certificate)


def open_channel(server: str, tls: Tls | None = None) -> grpc.Channel:
    """Open a channel of the synchronous API, over a connection of its own.

    Args:
        server: HOST:PORT.

        tls: The certificates. Default: no TLS.
    """
    if tls is None:
        return grpc.insecure_channel(_target(server), options=_OPTIONS)
    return grpc.secure_channel(_target(server), tls.channel_credentials(), options=_OPTIONS)


def open_async_channel(server: str, tls: Tls | None = None) -> grpc.aio.Channel:
    """Open a channel of the asyncio API, over a connection of its own; see `open_channel`."""
    if tls is None:
        return grpc.aio.insecure_channel(_target(server), options=_OPTIONS)
    return grpc.aio.secure_channel(_target(server), tls.channel_credentials(), options=_OPTIONS)


def check_address(address: str, *, tls: Tls | None, token: Token | None) -> None:
    """Check the address of a server, and that a token would not be sent to it in clear text.

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
    """Return the metadata that carries a token.

    Raises:
        ValueError: The token is empty, or has characters other than printable ASCII.
    """
    if token is None:
        return ()
    current = token if isinstance(token, str) else token()
    if not _TOKEN.fullmatch(current):
        raise ValueError("the token is not of printable ASCII characters without spaces")
    return (("authorization", f"Bearer {current}"),)


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, by a loopback address or as `localhost`."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _target(server: str) -> str:
    """Return gRPC's name of a server: without the scheme it would misread a host called `unix`."""
    return server if server.startswith("[") else f"dns:///{server}"
