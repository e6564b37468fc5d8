"""The errors by which a node of a cluster sends a command elsewhere, or to come back later."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from redis.exceptions import ConnectionError as ConnectionLost

from leaderboard_server.storage.addresses import Address

_TRY_AGAIN = "TRYAGAIN"
_KINDS = ("MOVED ", "ASK ", _TRY_AGAIN, "CLUSTERDOWN")
_ELSEWHERE = re.compile(r"(MOVED|ASK) (\d+) (\S*):(\d+)")


class Redirected(ConnectionLost):
    """A node did not run a command; another one may, or the same one a little later.

    Attributes:
        send: Sends the command where the node said; None to look the node up again.
    """

    def __init__(self, text: str, send: Callable[..., Awaitable[Any]] | None = None) -> None:
        super().__init__(text)
        self.send = send


class Elsewhere(NamedTuple):
    """Where a node sends a command."""

    slot: int
    address: Address
    is_moved: bool
    """Whether the slot has moved there, and not only some of its keys."""


def is_redirection(text: str) -> bool:
    """Return whether an error reply is that of a node that did not run the command."""
    return text.startswith(_KINDS)


def is_for_later(text: str) -> bool:
    """Return whether the node serves the slot, but not now: some of its keys are elsewhere."""
    return text.startswith(_TRY_AGAIN)


def elsewhere(text: str, redirecting: Address) -> Elsewhere | None:
    """Return where an error reply sends the command; None if to no other node.

    Args:
        text: The reply.

        redirecting: The address of the node that replied. Where the reply names no host, it is the
            same one.
    """
    match = _ELSEWHERE.match(text)
    if not match:
        return None
    kind, slot, host, port = match.groups()
    if host in {"", "?"}:
        host = redirecting.host
    return Elsewhere(int(slot), Address(host.strip("[]"), int(port)), kind == "MOVED")
