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

    def __init__(self, end: Callable[[OwnedT], None]) -> None:
        """Begin without any.

        Args:
            end: Ends a thing; may be called again with the same one.
        """
        self._end = end
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
            self._check_open()
            thing = kind()
            self._things.add(thing)
        try:
            # A signal handler may have closed the client before it could know of the thing.
            self._check_open()
        except Cancelled:
            self._end(thing)
            raise
        return thing

    def close(self) -> None:
        """Make nothing more, and end what there is."""
        with self._lock:
            self._is_closed = True
            things = list(self._things)
        for thing in things:
            self._end(thing)

    def _check_open(self) -> None:
        if self._is_closed:
            raise Cancelled("the client was closed")
