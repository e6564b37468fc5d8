"""Cached responses: sent again for exactly the same request, without running Python."""

from typing import Protocol

MAX_RESPONSES = 64
"""Cached responses of one contest; most callers send the same few requests."""
MAX_REQUEST_BYTES = 256
"""The longest request that is cached: one with every field at its longest fits."""


class ResponseStore(Protocol):
    """Stores responses in a listener, and sends them."""

    def put_response(self, path: str, request: bytes, contest_id: str, response: bytes) -> object:
        """Store the response to exactly this request, if there is memory for it."""

    def invalidate(self, contest_id: str) -> object:
        """Drop the responses of a contest: no later request gets one of them."""


class ResponseCache:
    """Bounds the cached responses of each contest, and skips needless invalidations."""

    def __init__(self, store: ResponseStore) -> None:
        self._store = store
        self._counts: dict[str, int] = {}
        """The number of cached responses by contest."""

    def put_response(self, path: str, request: bytes, contest_id: str, response: bytes) -> None:
        """See `listener.Listener.put_response`."""
        count = self._counts.get(contest_id, 0)
        if count < MAX_RESPONSES and len(request) <= MAX_REQUEST_BYTES:
            self._counts[contest_id] = count + 1
            self._store.put_response(path, request, contest_id, response)

    def invalidate(self, contest_id: str) -> None:
        """See `listener.Listener.invalidate`; called before any caller sees the change."""
        if self._counts.pop(contest_id, 0):
            self._store.invalidate(contest_id)
