"""What a listener is, and what it serves: the whole seam between the wire and the service."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

UnaryMethod = Callable[[bytes], Awaitable[bytes]]
"""Answers a request. Raises `LeaderboardError` to refuse it."""

Send = Callable[[bytes], Awaitable[None]]
"""Sends one message. Raises TimeoutError when the receiver took nothing for the write timeout."""


class Stream(Protocol):
    """Sends the messages of one call, and reaches the channels that many calls can follow."""

    async def __call__(self, message: bytes) -> None:
        """Send one message; as `Send`."""

    async def follow(self, channel: str, mark: int) -> int:
        """Have what is published to a channel from now on, and send nothing else meanwhile.

        Returns:
            The mark of the last message that is sent, at first the one given, once the receiver did
            not keep up or the channel is closed.

        Raises:
            TimeoutError: As `Send`.
        """

    def publish(self, channel: str, message: bytes, mark: int) -> None:
        """Hand a message to all streams that follow a channel; who has no room is let go."""

    def close(self, channel: str) -> None:
        """Let all streams go that follow a channel."""


StreamMethod = Callable[[bytes, Stream], Awaitable[None]]
"""Sends messages until the stream ends. Raises `LeaderboardError` to end it with a status."""

BidiMethod = Callable[[AsyncIterator[bytes], Send], Awaitable[None]]
"""The same, for a caller who sends many requests."""

GRACE_S = 5.0
"""How long calls under way may take when the server stops."""


@dataclass(frozen=True, kw_only=True)
class Tls:
    """What a listener proves itself with, as PEM texts."""

    chain: bytes
    """Its certificate, and those between that and an authority."""
    key: bytes = field(repr=False)
    client_authorities: bytes | None
    """Who has to have certified each caller; None to take all callers."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a listener is found."""

    address: str
    """HOST:PORT; port 0 takes a free one."""
    shared: bool = False
    """Whether other processes listen on the same address, to share its connections."""
    tls: Tls | None = None
    """None to serve without TLS."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much may be under way at a time, and for how long a receiver may take nothing."""

    max_calls: int
    """Unary calls."""
    max_watchers: int
    """Open streams."""
    write_timeout_s: float


@dataclass(frozen=True, kw_only=True)
class Services:
    """All methods that are served, by path: `/package.Service/Method`."""

    unary: Mapping[str, UnaryMethod]
    stream: Mapping[str, StreamMethod]
    conversation: Mapping[str, BidiMethod]
    unlimited: frozenset[str]
    """The paths that are answered whatever is under way, also while the server drains."""


class Listener(Protocol):
    """Serves on one address. Open from `start` to `stop`.

    It turns whatever a method raises into a status, by `statuses.status_of_any`, and refuses what
    is over the limits with `statuses.Overloaded`.
    """

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            OSError: The address can't be listened on.

            TlsUnusable: The listener can't use what it was given for TLS.
        """

    def renew(self, tls: Tls) -> None:
        """Use this for new connections, where the listener has had TLS from the start.

        Raises:
            TlsUnusable: It can't; what it had stays in use.
        """

    async def drain(self) -> None:
        """Send new calls elsewhere; those under way go on."""

    async def stop(self) -> None:
        """Take no more calls, and wait for those under way, for the grace at most."""
