"""Ready-made answers: kept by a listener until they are withdrawn."""

from leaderboard_server.transport.response_cache import ResponseCache


class Shelf:
    """
    Holds answers as a listener does.

    Attributes:
        answers: What is held, by path and request, with the key.
        withdrawn: The keys that were withdrawn, in order.
    """

    def __init__(self) -> None:
        self.answers: dict[tuple[str, bytes], tuple[str, bytes]] = {}
        self.withdrawn: list[str] = []

    def put_answer(self, path: str, request: bytes, key: str, answer: bytes) -> None:
        """See `ready.Holder`."""
        self.answers[path, request] = key, answer

    def withdraw(self, key: str) -> None:
        """See `ready.Holder`."""
        self.withdrawn.append(key)
        for place, (held, _) in list(self.answers.items()):
            if held == key:
                del self.answers[place]


def test_all_answers_of_a_contest_go_at_once() -> None:
    """Those of others stay."""
    shelf, ready = Shelf(), ResponseCache()
    ready.hold_in(shelf)
    for request in (b"q1", b"q2"):
        for contest_id in ("cup", "league"):
            ready.put("/path", request + contest_id.encode(), contest_id, b"answer")
    ready.invalidate("cup")
    assert {key for key, _ in shelf.answers.values()} == {"league"}
    assert shelf.withdrawn == ["cup"]


def test_a_contest_without_answers_bothers_nobody() -> None:
    """Withdrawing goes to the listener only where there is something to invalidate."""
    shelf, ready = Shelf(), ResponseCache()
    ready.hold_in(shelf)
    ready.invalidate("cup")
    ready.put("/path", b"q", "cup", b"answer")
    for _ in range(3):
        ready.invalidate("cup")
    assert shelf.withdrawn == ["cup"]

    ready.put("/path", b"q", "cup", b"newer")
    ready.invalidate("cup")
    assert shelf.withdrawn == ["cup", "cup"]
    assert not shelf.answers


def test_without_a_holder_nothing_is_kept() -> None:
    """Also not for one that comes later."""
    shelf, ready = Shelf(), ResponseCache()
    ready.put("/path", b"q", "cup", b"answer")
    ready.invalidate("cup")
    ready.hold_in(shelf)
    ready.invalidate("cup")
    assert not shelf.answers
    assert not shelf.withdrawn
