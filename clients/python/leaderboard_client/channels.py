"""Opens gRPC channels to servers: TLS, the spread over a DNS name, and the token of calls.

Channels don't share connections.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import grpc
import grpc.aio

from leaderboard_client.addresses import Server
from leaderboard_client.trace_context import trace_metadata

Token: TypeAlias = str | Callable[[], str]
"""A bearer token, or a function that returns the current one.

The function is called before each attempt of a call and before each stream of a watch, and must not
block. Its exceptions are raised by the call; a buffer tries again, and a watch reports the
exception as its `trouble` and tries again."""

Metadata: TypeAlias = tuple[tuple[str, str], ...]
"""The gRPC metadata of a call."""

_TOKEN = re.compile(r"[!-~]+")
_OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    # Short, or a server that was restarted would get no calls when the next one is stopped.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 400),
    # A DNS name is resolved again when a connection is lost: its servers may have been replaced.
    ("grpc.dns_min_time_between_resolutions_ms", 1000),
    # Otherwise a new channel would reuse the connection of another one, which may be dead.
    ("grpc.use_local_subchannel_pool", 1),
)

_HEALTH_CHECK = "/grpc.health.v1.Health/Check"
_CONNECTION_TIMEOUT = 20.0
_UNANSWERED = {
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.UNAVAILABLE,
}


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


def open_channel(server: Server, tls: Tls | None = None, *, spread: bool = True) -> grpc.Channel:
    """Open a channel of the synchronous API, over connections of its own.

    Args:
        server: The server.

        tls: The certificates. Default: no TLS.

        spread: Connect to all servers of a DNS name, and spread calls over them. Otherwise to one
            of them, at random.
    """
    options = _options(server, spread=spread)
    if tls is None:
        return grpc.insecure_channel(server.target, options=options)
    return grpc.secure_channel(server.target, tls.channel_credentials(), options=options)


def open_async_channel(
    server: Server, tls: Tls | None = None, *, spread: bool = True
) -> grpc.aio.Channel:
    """Open a channel of the asyncio API, over connections of its own; see `open_channel`."""
    options = _options(server, spread=spread)
    if tls is None:
        return grpc.aio.insecure_channel(server.target, options=options)
    return grpc.aio.secure_channel(server.target, tls.channel_credentials(), options=options)


def connection_of(channel: grpc.Channel) -> Callable[[], bool]:
    """Connect a channel, and return a function that says whether it was connected since.

    A call that waits for the connection finds out: the threads with which gRPC watches the state of
    a channel fail when it is closed meanwhile.
    """
    check: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(_HEALTH_CHECK)

    def begin() -> Any:
        return check.future(b"", timeout=_CONNECTION_TIMEOUT, wait_for_ready=True)

    pending = begin()

    def connected() -> bool:
        nonlocal pending
        if not pending.done():
            return False
        if pending.code() not in _UNANSWERED:
            return True
        pending = begin()
        return False

    return connected


def connection_of_async(channel: grpc.aio.Channel) -> Callable[[], bool]:
    """Connect a channel, and return a function that says whether it is connected."""

    def connected() -> bool:
        return channel.get_state(try_to_connect=True) is grpc.ChannelConnectivity.READY

    connected()
    return connected


def check_token(servers: Iterable[Server], *, tls: Tls | None, token: Token | None) -> None:
    """Raise ValueError if a token would be sent to another machine in clear text."""
    if token is not None and tls is None and not all(server.is_loopback for server in servers):
        raise ValueError("a token is sent without TLS to loopback alone")


def call_metadata(token: Token | None) -> Metadata:
    """Return the metadata of a call: its token, and the caller's current trace.

    Raises:
        ValueError: As `authorization`.
    """
    return (*authorization(token), *trace_metadata())


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


def _options(server: Server, *, spread: bool) -> tuple[tuple[str, int | str], ...]:
    if not server.is_group:
        return _OPTIONS
    policy: dict[str, object] = {"pick_first": {"shuffleAddressList": True}}
    if spread:
        policy = {"round_robin": {}}
    return (*_OPTIONS, ("grpc.service_config", json.dumps({"loadBalancingConfig": [policy]})))
