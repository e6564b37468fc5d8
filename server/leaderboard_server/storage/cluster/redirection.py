"""The errors by which a node of a cluster sends a command elsewhere, or to come back later."""

from collections.abc import Awaitable, Callable
from typing import Any

from redis.exceptions import ConnectionError as ConnectionLost

MOVED, ASK, TRY_AGAIN, DOWN = "MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN"
KINDS = (MOVED, ASK, TRY_AGAIN, DOWN)


class Redirected(ConnectionLost):
    """A node did not run a command; another one may, or the same one a little later.

    Attributes:
        send: Sends the command where the node said; None to look the node up again.
    """

    def __init__(self, text: str, send: Callable[..., Awaitable[Any]] | None = None) -> None:
        super().__init__(text)
        self.send = send
