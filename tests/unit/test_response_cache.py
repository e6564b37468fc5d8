"""Cached responses: kept by a listener until their contest is invalidated."""

import pytest

from leaderboard_server.transport.response_cache import (
    MAX_REQUEST_BYTES,
    MAX_RESPONSES,
    ResponseCache,
)


class Store:
    """
    Stores responses as a listener does.

    Attributes:
        responses: The stored responses, by path and request, with the contest.
        invalidated: The contests that were invalidated, in order.
    """

    def __init__(self) -> None:
        self.responses: dict[tuple[str, bytes], tuple[str, bytes]] = {}
        self.invalidated: list[str] = []

    def put_response(self, path: str, request: bytes, contest_id: str, response: bytes) -> None:
        """See `response_cache.ResponseStore`."""
        self.responses[path, request] = contest_id, response

    def invalidate(self, contest_id: str) -> None:
        """See `response_cache.ResponseStore`."""
        self.invalidated.append(contest_id)
        for key, (stored, _) in list(self.responses.items()):
            if stored == contest_id:
                del self.responses[key]


@pytest.fixture(name="store")
def _store() -> Store:
    """Return a store without responses."""
    return Store()


def test_all_responses_of_a_contest_are_dropped_at_once(store: Store) -> None:
    """Responses of other contests stay."""
    cache = ResponseCache(store)
    for request in (b"q1", b"q2"):
        for contest_id in ("cup", "league"):
            cache.put_response("/path", request + contest_id.encode(), contest_id, b"response")
    cache.invalidate("cup")
    assert {contest_id for contest_id, _ in store.responses.values()} == {"league"}
    assert store.invalidated == ["cup"]


def test_invalidation_of_a_contest_without_responses_is_skipped(store: Store) -> None:
    """The store is called only if it has a response of the contest."""
    cache = ResponseCache(store)
    cache.invalidate("cup")
    cache.put_response("/path", b"q", "cup", b"response")
    for _ in range(3):
        cache.invalidate("cup")
    assert store.invalidated == ["cup"]

    cache.put_response("/path", b"q", "cup", b"newer")
    cache.invalidate("cup")
    assert store.invalidated == ["cup", "cup"]
    assert not store.responses


def test_responses_are_bounded(store: Store) -> None:
    """A contest has a limited number of responses, and long requests are not cached."""
    cache = ResponseCache(store)
    cache.put_response("/path", b"q" * (MAX_REQUEST_BYTES + 1), "cup", b"response")
    assert not store.responses

    for number in range(MAX_RESPONSES + 1):
        cache.put_response("/path", str(number).encode(), "cup", b"response")
    cache.put_response("/path", b"q" * MAX_REQUEST_BYTES, "league", b"response")
    assert len(store.responses) == MAX_RESPONSES + 1
    cache.invalidate("cup")
    assert len(store.responses) == 1
