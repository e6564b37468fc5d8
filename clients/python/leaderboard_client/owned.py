"""What was made by a client and ends with it, such as its watches and buffers."""

from __future__ import annotations

import threading
import weakref
from typing import TYPE_CHECKING, Generic, TypeVar

from leaderboard_client.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

OwnedT = TypeVar("OwnedT")


class Owned(Generic[OwnedT]):
    """Knows what a client has made, for as long as somebody else holds it; for any thread."""

    def __init__(self) -> None:
        self._things: weakref.WeakSet[OwnedT] = weakref.WeakSet()
        # A signal handler may close the client whose thread it interrupts.
        self._lock = threading.RLock()
        self._is_closed = False

    def make(self, kind: Callable[[], OwnedT]) -> OwnedT:
        """Make a thing, and return it.

        Raises:
            Cancelled: The client was closed.
        """
        with self._lock:
            if self._is_closed:
                raise Cancelled("the client was closed")
            thing = kind()
            self._things.add(thing)
            return thing

    def close(self) -> list[OwnedT]:
        """Make nothing more, and return what there is to be ended."""
        with self._lock:
            self._is_closed = True
            return list(self._things)
